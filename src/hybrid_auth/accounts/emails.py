"""Email addresses: what is accepted, and when two are the same. Pure."""

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from hybrid_auth.core.errors import FieldError, ValidationFailed

MAX_LENGTH = 254
"""RFC 5321 §4.5.3.1.3, less the angle brackets."""


def normalise(email: str) -> str:
    """The address as it is stored and written to: NFC, domain in lower case. ValidationFailed if it is none."""
    return _parse(email).normalized


def canonical(email: str) -> str:
    """The key under which an address is unique: spelling twins in case or Unicode form have the same one.

    The domain counts as IDNA 2008 writes it. Python's own codec is of IDNA 2003, which takes ``faß.de`` for
    ``fass.de``: two domains, and two people.
    """
    parsed = _parse(email)
    return f"{parsed.local_part.lower()}@{parsed.ascii_domain.lower()}"


def canonical_or_none(email: str) -> str | None:
    """As `canonical`; None for what is no address, so that a sign-in treats it like any unknown one."""
    try:
        return canonical(email)
    except ValidationFailed:
        return None


def _parse(email: str) -> ValidatedEmail:
    try:
        return validate_email(
            email.strip(),
            check_deliverability=False,
            globally_deliverable=False,
            allow_quoted_local=False,
            test_environment=True,  # names below .test are no special case for an application (RFC 6761 §6.2)
        )
    except (EmailNotValidError, UnicodeError) as error:
        raise ValidationFailed([FieldError("email", "Enter an email address, like name@example.com.")]) from error
