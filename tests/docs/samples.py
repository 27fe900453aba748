"""One of each error, as its constructor wants it."""

from collections.abc import Callable, Mapping

from hybrid_auth.core import errors

_MADE: Mapping[type[errors.AuthError], Callable[[], errors.AuthError]] = {
    errors.ValidationFailed: lambda: errors.ValidationFailed([errors.FieldError("email", "Enter an email address.")]),
    errors.PasswordRejected: lambda: errors.PasswordRejected("common"),
    errors.PasskeyVerificationFailed: lambda: errors.PasskeyVerificationFailed("§7.1 step 9 origin"),
    errors.ReauthenticationRequired: lambda: errors.ReauthenticationRequired(["password"]),
    errors.RateLimited: lambda: errors.RateLimited(retry_after=30),
}


def sample(kind: type[errors.AuthError]) -> errors.AuthError:
    """An instance of an error."""
    return _MADE.get(kind, kind)()
