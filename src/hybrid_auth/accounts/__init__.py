"""People: their email addresses, what they are called, their end."""
