"""The errors of this service, as a tree. Services raise them; only `problems.py` turns them into HTTP.

AuthError
├── InvalidInput
│   ├── ValidationFailed            validation_error
│   ├── MalformedRequest            malformed_request
│   ├── PasswordRejected            password_rejected
│   ├── PasskeyVerificationFailed   passkey_verification_failed
│   └── InvalidOrExpiredToken       invalid_or_expired_token
├── NotAuthenticated
│   ├── InvalidCredentials          invalid_credentials
│   ├── InvalidToken                invalid_token
│   ├── SessionRevoked              session_revoked
│   ├── InvalidRefreshToken         invalid_refresh_token
│   ├── RefreshTokenReused          refresh_token_reused
│   ├── InvalidCode                 invalid_code
│   ├── InvalidMfaToken             invalid_mfa_token
│   └── UnknownPasskey              unknown_passkey
├── NotAllowed
│   ├── OriginNotAllowed            origin_not_allowed
│   ├── ReauthenticationRequired    reauthentication_required
│   ├── EmailNotVerified            email_not_verified
│   ├── AccountDisabled             account_disabled
│   └── Forbidden                   forbidden
├── NotFound                        not_found
├── MethodNotAllowed                method_not_allowed
├── Conflict                        conflict
│   └── LastSignInMethod            last_sign_in_method
├── PayloadTooLarge                 payload_too_large
├── UnsupportedMediaType            unsupported_media_type
├── RateLimited                     rate_limited
└── Unavailable                     service_unavailable
    └── HashingCapacityExceeded     hashing_capacity_exceeded

`code` is stable and is what clients switch on; `detail` is for people and may change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class AuthError(Exception):
    """Anything a caller did or met that has a name in the contract."""

    code: ClassVar[str]
    detail: str = "The request could not be completed."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail


class InvalidInput(AuthError):
    """The request itself cannot be used."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that cannot be used: its JSON name and a sentence for a person."""

    field: str
    message: str


class ValidationFailed(InvalidInput):
    code = "validation_error"
    detail = "Some fields cannot be used as they are."

    def __init__(self, errors: Sequence[FieldError], detail: str | None = None) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)


class MalformedRequest(InvalidInput):
    code = "malformed_request"
    detail = "The request could not be read."


class PasswordRejected(InvalidInput):
    """`reason`: too_short | too_long | common | personal | guessable."""

    code = "password_rejected"
    detail = "This password cannot be used. Choose another one."

    def __init__(self, reason: str, detail: str | None = None) -> None:
        super().__init__(detail)
        self.reason = reason


class PasskeyVerificationFailed(InvalidInput):
    """`step`: where in WebAuthn Level 3 the ceremony ended; for the log, the client is told only that it did."""

    code = "passkey_verification_failed"
    detail = "The passkey could not be verified. Try again."

    def __init__(self, step: str) -> None:
        super().__init__()
        self.step = step


class InvalidOrExpiredToken(InvalidInput):
    code = "invalid_or_expired_token"
    detail = "This link or code is not valid any more. Ask for a new one."


class NotAuthenticated(AuthError):
    """Who is calling could not be established."""


class InvalidCredentials(NotAuthenticated):
    code = "invalid_credentials"
    detail = "The email address or the password is not right."


class InvalidToken(NotAuthenticated):
    code = "invalid_token"
    detail = "The access token is missing, expired or not valid."


class SessionRevoked(NotAuthenticated):
    code = "session_revoked"
    detail = "This session has ended. Sign in again."


class InvalidRefreshToken(NotAuthenticated):
    code = "invalid_refresh_token"
    detail = "There is no session to continue. Sign in again."


class RefreshTokenReused(NotAuthenticated):
    code = "refresh_token_reused"
    detail = "This refresh token had already been replaced. The session was ended to be safe. Sign in again."


class InvalidCode(NotAuthenticated):
    """`clock_drift`: seconds by which its clock is ahead of ours (negative: behind), where it fits a farther step."""

    code = "invalid_code"
    detail = "This code is not right, or was used already."

    def __init__(self, detail: str | None = None, *, clock_drift: int | None = None) -> None:
        if clock_drift is not None:
            minutes, side = max(round(abs(clock_drift) / 60), 1), "ahead" if clock_drift > 0 else "behind"
            detail = (
                f"This code is for another moment: the clock of your device seems to be {minutes} min {side}. "
                "Set it to automatic time and use the next code."
            )
        super().__init__(detail)
        self.clock_drift = clock_drift


class InvalidMfaToken(NotAuthenticated):
    code = "invalid_mfa_token"
    detail = "This sign-in took too long or was tried too often. Start again."


class UnknownPasskey(NotAuthenticated):
    code = "unknown_passkey"
    detail = "This passkey is not linked to an account here."


class NotAllowed(AuthError):
    """The caller is known, or need not be, and still may not do this."""


class OriginNotAllowed(NotAllowed):
    code = "origin_not_allowed"
    detail = "Requests from this origin are not allowed here."


class ReauthenticationRequired(NotAllowed):
    """`methods`: the ways in which this person can prove themself again now."""

    code = "reauthentication_required"
    detail = "Confirm that it is you to go on."

    def __init__(self, methods: Sequence[str]) -> None:
        super().__init__()
        self.methods = tuple(methods)


class EmailNotVerified(NotAllowed):
    code = "email_not_verified"
    detail = "Confirm your email address first: follow the link that was sent to it."


class AccountDisabled(NotAllowed):
    code = "account_disabled"
    detail = "This account has been disabled."


class Forbidden(NotAllowed):
    code = "forbidden"
    detail = "This is not allowed."


class NotFound(AuthError):
    code = "not_found"
    detail = "There is nothing here."


class MethodNotAllowed(AuthError):
    code = "method_not_allowed"
    detail = "This address does not answer to that method."


class Conflict(AuthError):
    code = "conflict"
    detail = "This does not fit the present state."


class LastSignInMethod(Conflict):
    code = "last_sign_in_method"
    detail = "This is the last way to sign in to the account, so it cannot be removed."


class PayloadTooLarge(AuthError):
    code = "payload_too_large"
    detail = "The request body is larger than 64 KiB."


class UnsupportedMediaType(AuthError):
    code = "unsupported_media_type"
    detail = "Send the body as application/json."


class RateLimited(AuthError):
    """`retry_after`: whole seconds."""

    code = "rate_limited"
    detail = "Too many attempts. Wait a little."

    def __init__(self, *, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class Unavailable(AuthError):
    """A store is away, or a commit is in doubt. `retry_after`: whole seconds."""

    code = "service_unavailable"
    detail = "The service cannot answer right now. Try again in a moment."

    def __init__(self, *, retry_after: int = 1) -> None:
        super().__init__()
        self.retry_after = retry_after


class HashingCapacityExceeded(Unavailable):
    code = "hashing_capacity_exceeded"
    detail = "Many people are signing in right now. Try again in a moment."


@dataclass(frozen=True, slots=True)
class Finding:
    """One unsafe or unusable setting, and the sentence that says how to mend it."""

    setting: str
    problem: str
    mend: str


class ConfigurationError(Exception):
    """Start-up is refused; every finding is told at once. Never reaches a client."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(f"{f.setting}: {f.problem} {f.mend}" for f in self.findings))
