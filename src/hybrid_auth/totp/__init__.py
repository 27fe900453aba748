"""One-time codes of an authenticator app (RFC 6238)."""
