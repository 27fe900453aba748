"""What a sign-in answers."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from hybrid_auth.accounts.schemas import User
from hybrid_auth.core.clock import whole_seconds
from hybrid_auth.sessions.devices import Device, recognise
from hybrid_auth.sessions.schemas import SessionView
from hybrid_auth.signin.models import TrustedBrowserRow
from hybrid_auth.signin.service import SecondFactorMethod, SecondFactorRequired, SignedIn

Client = Literal["browser", "native"]
MfaToken = Annotated[str, Meta(max_length=128)]
Code = Annotated[str, Meta(max_length=64)]
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


class SecondFactorResult(Struct, frozen=True, tag_field="status", tag="second_factor_required"):
    """One factor was proven, another is asked for."""

    mfa_token: str
    expires_in: int
    methods: tuple[SecondFactorMethod, ...]
    """`passkey`: run the ordinary passkey sign-in instead. Empty: the person has none, and must add one first."""
    enrolment_token: str | UnsetType = UNSET
    """Only with empty `methods`: as bearer it lets its holder add TOTP or a passkey, and be signed in by that."""

    @classmethod
    def of(cls, required: SecondFactorRequired) -> "SecondFactorResult":
        return cls(
            mfa_token=required.mfa_token,
            expires_in=required.expires_in,
            methods=required.methods,
            enrolment_token=required.enrolment.token if required.enrolment else UNSET,
        )


LoginResult = SignedInResult | SecondFactorResult


def login_result(result: SignedIn | SecondFactorRequired) -> LoginResult:
    """What a sign-in answers."""
    return SecondFactorResult.of(result) if isinstance(result, SecondFactorRequired) else SignedInResult.of(result)


class TotpLoginRequest(Secretive, frozen=True):
    mfa_token: MfaToken
    code: Code
    client: Client = "browser"
    trust_browser: bool = False
    """Do not ask for the second factor in this browser for a while."""


class RecoveryCodeLoginRequest(Secretive, frozen=True):
    mfa_token: MfaToken
    code: Code
    client: Client = "browser"


class PasswordReauthentication(Secretive, frozen=True, tag_field="method", tag="password"):
    """Prove again with the password."""

    password: Password


class TotpReauthentication(Secretive, frozen=True, tag_field="method", tag="totp"):
    """Prove again with a code of the authenticator app."""

    code: Code


class PasskeyReauthentication(Secretive, frozen=True, tag_field="method", tag="passkey"):
    """Prove again with a passkey, over a challenge of this session."""

    credential: dict[str, Any]


Reauthentication = PasswordReauthentication | TotpReauthentication | PasskeyReauthentication


class ReauthenticationResult(Struct, frozen=True):
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int


class TrustedBrowser(Struct, frozen=True):
    """A browser where the second factor is not asked for."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    device: Device

    @classmethod
    def of(cls, row: TrustedBrowserRow) -> "TrustedBrowser":
        return cls(
            id=row.id,
            created_at=whole_seconds(row.created_at),
            last_used_at=whole_seconds(row.last_used_at),
            expires_at=whole_seconds(row.expires_at),
            device=recognise(row.user_agent),
        )


class TrustedBrowserList(Struct, frozen=True):
    trusted_browsers: list[TrustedBrowser]
