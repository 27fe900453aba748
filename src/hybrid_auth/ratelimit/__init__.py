"""What guessing costs."""
