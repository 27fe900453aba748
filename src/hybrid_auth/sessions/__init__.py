"""The hybrid session service: rows in PostgreSQL, records in Redis, signed tokens at the client."""
