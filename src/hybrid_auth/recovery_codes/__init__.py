"""Recovery codes: the way back where the second factor is lost."""
