"""Errors as problem documents (RFC 9457). The only module that knows status codes."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException, ValidationException
from litestar.status_codes import (
    HTTP_404_NOT_FOUND,
    HTTP_405_METHOD_NOT_ALLOWED,
    HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    HTTP_500_INTERNAL_SERVER_ERROR,
)

from hybrid_auth.core import errors
from hybrid_auth.core.config import WebConfig
from hybrid_auth.sessions.cookies import expired_refresh_cookie

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[type[errors.AuthError], int] = {
    errors.ValidationFailed: 400,
    errors.MalformedRequest: 400,
    errors.PasswordRejected: 400,
    errors.PasskeyVerificationFailed: 400,
    errors.InvalidOrExpiredToken: 400,
    errors.InvalidCredentials: 401,
    errors.InvalidToken: 401,
    errors.SessionRevoked: 401,
    errors.InvalidRefreshToken: 401,
    errors.RefreshTokenReused: 401,
    errors.UnknownPasskey: 401,
    errors.InvalidCode: 401,
    errors.InvalidMfaToken: 401,
    errors.OriginNotAllowed: 403,
    errors.ReauthenticationRequired: 403,
    errors.EmailNotVerified: 403,
    errors.AccountDisabled: 403,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.Conflict: 409,
    errors.LastSignInMethod: 409,
    errors.PayloadTooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.RateLimited: 429,
    errors.Unavailable: 503,
    errors.HashingCapacityExceeded: 503,
}
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_OF_STATUS: Mapping[int, type[errors.AuthError]] = {
    HTTP_404_NOT_FOUND: errors.NotFound,
    HTTP_405_METHOD_NOT_ALLOWED: errors.MethodNotAllowed,
    HTTP_413_REQUEST_ENTITY_TOO_LARGE: errors.PayloadTooLarge,
}
_NAMED_FIELD = re.compile(r"(?:unknown|required) field `([^`]{1,100})`")

log = structlog.get_logger(__name__)


class FieldProblem(msgspec.Struct, frozen=True):
    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A problem document. `code` is stable, and what clients switch on."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[FieldProblem, ...] = ()
    """Only with `validation_error`."""
    methods: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    """Only with `reauthentication_required`: how this person can prove themself again."""
    reason: str = ""
    """Only with `password_rejected`."""
    clock_drift: int | None = None
    """Only with `invalid_code`, where it fits a farther moment: seconds its clock is ahead (negative: behind)."""


def problem_of(error: errors.AuthError) -> Problem:
    """The document of an error."""
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return Problem(
        type=f"urn:hybrid-auth:problem:{error.code}",
        title=TITLES[status],
        status=status,
        detail=error.detail,
        code=error.code,
        errors=tuple(FieldProblem(e.field, e.message) for e in getattr(error, "errors", ())),
        methods=getattr(error, "methods", msgspec.UNSET),
        reason=getattr(error, "reason", ""),
        clock_drift=getattr(error, "clock_drift", None),
    )


def headers_of(error: errors.AuthError) -> dict[str, str]:
    """What an error says beside its document."""
    match error:
        case errors.InvalidToken() | errors.SessionRevoked():
            return {"www-authenticate": 'Bearer error="invalid_token"'}
        case errors.NotAuthenticated():
            return {"www-authenticate": "Bearer"}
        case errors.RateLimited() | errors.Unavailable():
            return {"retry-after": str(error.retry_after)}
        case _:
            return {}


def auth_error(request: Request[Any, Any, Any], error: errors.AuthError) -> Response[Problem]:
    """The answer to an error of ours.

    The refresh cookie is removed only with a superseded token: any other failed refresh may have been overtaken by a
    sign-in in another tab, and the loser of that race must not delete what the winner was just given.
    """
    if isinstance(error, errors.PasskeyVerificationFailed):
        log.info("passkey.ceremony_refused", step=error.step, exc_info=error.__cause__)
    cookies: list[Cookie] = []
    if isinstance(error, errors.RefreshTokenReused):
        web: WebConfig = request.app.state.hybrid_auth.web
        cookies = expired_refresh_cookie(request.headers, web)
    problem = problem_of(error)
    return Response(
        problem, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers_of(error), cookies=cookies
    )


def framework_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """What Litestar refuses before any code of ours runs, in our words."""
    if isinstance(error, ValidationException):
        return auth_error(request, _validation(error))
    known = _OF_STATUS.get(error.status_code)
    if known is None and error.status_code < HTTP_500_INTERNAL_SERVER_ERROR:
        known = errors.MalformedRequest
    if known is None:
        return unexpected_error(request, error)
    answer = auth_error(request, known())
    if allow := (error.headers or {}).get("allow"):
        answer.headers["Allow"] = allow
    return answer


def unexpected_error(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """A mistake of ours: logged in full, told in one sentence."""
    log.error("request.failed", path=request.scope["path"], exc_info=error)
    problem = Problem(
        type="urn:hybrid-auth:problem:internal_error",
        title=TITLES[500],
        status=HTTP_500_INTERNAL_SERVER_ERROR,
        detail="Something went wrong on our side.",
        code="internal_error",
    )
    return Response(problem, status_code=problem.status, media_type=MEDIA_TYPE)


def _validation(error: ValidationException) -> errors.AuthError:
    found = error.extra if isinstance(error.extra, list) else []
    fields = []
    for entry in found:
        message, key = str(entry.get("message", "")), str(entry.get("key", ""))
        if key == "data" and message == "'data'":
            message = "A JSON body is required."
        named = _NAMED_FIELD.search(message)
        fields.append(errors.FieldError(named[1] if named else key, message or "This value cannot be used."))
    return errors.ValidationFailed(fields) if fields else errors.MalformedRequest()


HANDLERS: dict[int | type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Any]]] = {
    errors.AuthError: auth_error,
    HTTPException: framework_error,
}
