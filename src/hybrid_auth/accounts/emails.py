"""Email addresses: what is accepted, and when two are the same. Pure."""

from email_validator import EmailNotValidError, validate_email

from hybrid_auth.core.errors import FieldError, ValidationFailed

MAX_LENGTH = 254
"""RFC 5321 §4.5.3.1.3, less the angle brackets."""


def normalise(email: str) -> str:
    """The address as it is stored and written to: NFC, domain in lower case. ValidationFailed if it is none."""
    try:
        parsed = validate_email(
            email.strip(), check_deliverability=False, globally_deliverable=False, allow_quoted_local=False
        )
    except (EmailNotValidError, UnicodeError) as error:
        raise ValidationFailed([FieldError("email", "Enter an email address, like name@example.com.")]) from error
    return parsed.normalized


def canonical(email: str) -> str:
    """The key under which an address is unique: spelling twins in case or Unicode form have the same one."""
    local, _, domain = normalise(email).rpartition("@")
    return f"{local.lower()}@{domain.encode('idna').decode() if not domain.isascii() else domain.lower()}"


def canonical_or_none(email: str) -> str | None:
    """As `canonical`; None for what is no address, so that a sign-in treats it like any unknown one."""
    try:
        return canonical(email)
    except ValidationFailed:
        return None
