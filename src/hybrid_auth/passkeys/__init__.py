"""Passkeys: WebAuthn Level 3 ceremonies, and their whole life cycle."""
