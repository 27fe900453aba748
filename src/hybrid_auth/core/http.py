"""What a request says of itself, read strictly: origin, cookies, bearer token, body, client."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection, Request
from litestar.datastructures import Cookie, Headers
from litestar.exceptions import SerializationException
from litestar.handlers.base import BaseRouteHandler
from litestar.serialization import decode_json

from hybrid_auth.core.config import WebConfig
from hybrid_auth.core.errors import (
    AuthError,
    InvalidToken,
    MalformedRequest,
    NotFound,
    OriginNotAllowed,
    PayloadTooLarge,
    UnsupportedMediaType,
)

MAX_BODY_BYTES = 64 * 1024
MAX_USER_AGENT = 512
CALLER = "hybrid_auth_caller"
"""Where the resolving middleware leaves the living session it found."""
REFUSAL = "hybrid_auth_refusal"
"""Where the resolving middleware leaves the error that a guarded route will raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientInfo:
    """Where a request came from; for people to recognise, never to decide by."""

    ip: str | None
    user_agent: str | None


class StrictRequest(Request[Any, Any, Any]):
    """A request whose body is JSON or a clear refusal.

    Litestar decodes a deeply nested body into RecursionError and invalid UTF-8 into UnicodeDecodeError, which would
    both end in a 500.
    """

    async def json(self) -> Any:
        body = await self.body()
        try:
            return decode_json(body or b"null")
        except (SerializationException, RecursionError, UnicodeDecodeError, ValueError) as error:
            raise MalformedRequest from error


def bearer_token(headers: Headers) -> str | None:
    """The one bearer token of a request; None where there is none, or more than one header claims to be."""
    values = headers.getall("authorization", [])
    scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    return token if scheme.lower() == "bearer" and token else None


def raises(*errors: type[AuthError]) -> dict[str, Any]:
    """`opt` of a route: the errors it may answer beside those that any route may. Documented in the OpenAPI page."""
    return {"errors": errors}


def refusal_of(connection: ASGIConnection[Any, Any, Any, Any]) -> AuthError:
    """Why the caller of this request counts as nobody: no token, a bad one, an ended session, or a store away."""
    refusal = connection.scope["state"].get(REFUSAL)
    return refusal if isinstance(refusal, AuthError) else InvalidToken()


def client_info(connection: ASGIConnection[Any, Any, Any, Any]) -> ClientInfo:
    """The peer's address and its user agent, the latter printable and bounded."""
    agent = connection.headers.get("user-agent", "")
    printable = "".join(character if character.isprintable() else " " for character in agent)[:MAX_USER_AGENT].strip()
    return ClientInfo(ip=connection.client.host if connection.client else None, user_agent=printable or None)


def path_id(text: str) -> UUID:
    """An id out of a path; NotFound for what is none."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error


def read_cookie(headers: Headers, name: str, web: WebConfig) -> str | None:
    """The one cookie of that name; None where there is none.

    A second one under the same name was planted by somebody (a sibling subdomain): then there is none to trust, and
    an empty string is returned, which no token equals.
    """
    wanted, values = cookie_name(name, web), list[str]()
    for header in headers.getall("cookie", []):
        for part in header.split(";"):
            key, separator, value = part.strip().partition("=")
            if separator and key == wanted:
                values.append(value)
    if not values:
        return None
    return values[0] if len(values) == 1 else ""


def cookie_name(name: str, web: WebConfig) -> str:
    """``__Host-`` before it over HTTPS: bound to this host and every path by its name (RFC 6265bis §4.1.3.2)."""
    return f"__Host-{name}" if web.secure_cookies else name


def make_cookie(name: str, value: str, *, max_age: int, web: WebConfig) -> Cookie:
    """A cookie for HTTP only and this site only, with no Domain (RFC 6265bis). `max_age` in seconds; 0 removes it."""
    return Cookie(
        key=cookie_name(name, web),
        value=value,
        path="/",
        max_age=max_age,
        httponly=True,
        secure=web.secure_cookies,
        samesite="Strict",  # type: ignore[arg-type]  # as RFC 6265bis spells it; Litestar would write it small
    )


async def same_origin(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard for calls that act on a cookie: nobody else's page may make a browser send them.

    `Origin` decides where there is one; older browsers are told by `Sec-Fetch-Site`; a client that sends neither is
    no browser and carries no cookie of a person unknowingly (OWASP CSRF cheat sheet, Fetch Metadata).
    """
    web: WebConfig = connection.app.state.hybrid_auth.web
    origins = connection.headers.getall("origin", [])
    if origins:
        if len(origins) > 1 or origins[0] not in web.allowed_origins:
            raise OriginNotAllowed
    elif connection.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise OriginNotAllowed


async def json_body(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard: a call that takes a body takes JSON and no more than 64 KiB of it.

    Without it a form on a foreign page could post `text/plain`, which needs no CORS preflight. A body that may be left
    out needs a content type only where it came.
    """
    headers = connection.headers
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        raise PayloadTooLarge
    parameter = handler.parsed_fn_signature.parameters.get("data")
    if parameter is None:
        return
    if parameter.is_optional and length == "0" and "transfer-encoding" not in headers:
        return
    media_type, _, rest = headers.get("content-type", "").partition(";")
    charset = rest.strip().lower()
    if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8", 'charset="utf-8"'):
        raise UnsupportedMediaType
