"""What the password calls take and give."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from hybrid_auth.accounts.schemas import DisplayName
from hybrid_auth.signin.schemas import Client, Password, Secretive

Email = Annotated[str, Meta(max_length=320)]
MailToken = Annotated[str, Meta(max_length=128)]


class RegisterRequest(Secretive, frozen=True):
    email: Email
    password: Password | None = None
    """Left out: the account will have passkeys only."""
    display_name: DisplayName | None = None
    client: Client = "browser"


class LoginRequest(Secretive, frozen=True):
    email: Email
    password: Password
    client: Client = "browser"


class ChangePasswordRequest(Secretive, frozen=True):
    new_password: Password
    current_password: Password | None = None
    """May be left out only by a person who has no password yet."""


class VerifyEmailRequest(Secretive, frozen=True):
    token: MailToken


class EnrolmentOffer(Struct, frozen=True):
    """For a confirmed account without any credential: as bearer it lets its holder register the first passkey."""

    enrolment_token: str
    expires_in: int


class VerificationSent(Struct, frozen=True):
    """The same answer whether or not the address is taken."""

    status: Literal["verification_sent"] = "verification_sent"
