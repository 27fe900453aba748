"""What every room stands on: errors, configuration, clock, tokens, sealing, the database base, HTTP facts."""
