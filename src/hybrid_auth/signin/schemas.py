"""What a sign-in answers."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from hybrid_auth.accounts.schemas import User
from hybrid_auth.sessions.schemas import SessionView
from hybrid_auth.signin.service import SignedIn

Client = Literal["browser", "native"]
Password = Annotated[str, Meta(max_length=1024)]
"""Bounded before any work is done on it; what may be chosen is a matter of policy."""


class Secretive(Struct, frozen=True, forbid_unknown_fields=True):
    """A body that must not show itself in a log or a traceback."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class SignedInResult(Struct, frozen=True, tag_field="status", tag="authenticated"):
    """A session was opened."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    user: User
    session: SessionView
    refresh_token: str | UnsetType = UNSET
    """Only for a native client; a browser has it as a cookie no script can read."""

    @classmethod
    def of(cls, signed_in: SignedIn) -> "SignedInResult":
        tokens = signed_in.tokens
        return cls(
            access_token=tokens.access_token,
            token_type="Bearer",  # noqa: S106 - the name of a scheme, not a secret
            expires_in=tokens.expires_in,
            user=User.of(signed_in.principal),
            session=SessionView.of(tokens.session, current=True),
            refresh_token=tokens.refresh_token if tokens.transport == "native" else UNSET,
        )


LoginResult = SignedInResult


class PasswordReauthentication(Secretive, frozen=True, tag_field="method", tag="password"):
    """Prove again with the password."""

    password: Password


class PasskeyReauthentication(Secretive, frozen=True, tag_field="method", tag="passkey"):
    """Prove again with a passkey, over a challenge of this session."""

    credential: dict[str, Any]


Reauthentication = PasswordReauthentication | PasskeyReauthentication


class ReauthenticationResult(Struct, frozen=True):
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
