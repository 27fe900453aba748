"""Around the whole application: whom it answers to, and what every answer carries."""

from itertools import count

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from hybrid_auth.core.errors import AuthError, MalformedRequest, PayloadTooLarge
from hybrid_auth.core.http import MAX_BODY_BYTES
from hybrid_auth.core.tokens import encode_base64url, random_bytes
from hybrid_auth.frontend import DOCS_POLICY
from hybrid_auth.problems import MEDIA_TYPE, problem_of

API_POLICY = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"permissions-policy",
        b"camera=(), geolocation=(), microphone=(), payment=(), usb=(), "
        b"publickey-credentials-create=(self), publickey-credentials-get=(self)",
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)
UNLESS_SET: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", API_POLICY),
)
HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
_LOOPBACK = "127.0.0.1"


class Edge:
    """One plain ASGI callable: unknown hosts are refused, `127.0.0.1` is sent to its name, headers are added in place.

    A browser bound to a host we do not know reached us by DNS rebinding or through a poisoned `Host` header; nothing
    behind this is ever built from that header.
    """

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str], public_url: str, secure: bool) -> None:
        self._app = app
        self._hosts = hosts
        self._public_url = public_url
        self._always = (*ALWAYS, HSTS) if secure else ALWAYS
        self._prefix = encode_base64url(random_bytes(6)).encode() + b"-"
        self._count = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            await self._app(scope, receive, send)
            return
        await self._http(scope, receive, send)

    async def _http(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        request_id = b"%s%x" % (self._prefix, next(self._count))
        send = self._dressed(send, request_id, docs=scope["path"].rstrip("/") == "/schema")
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        host = host_of(hosts[0]) if len(hosts) == 1 else None
        if host is None or host not in self._hosts:
            await _refuse(send, MalformedRequest("This host is not served here."))
        elif host == _LOOPBACK and scope["method"] == "GET" and _wants_html(scope):
            await _redirect(send, self._public_url.encode() + _path_and_query(scope))
        elif _too_large(scope):
            await _refuse(send, PayloadTooLarge())
        else:
            await self._app(scope, receive, send)

    def _dressed(self, send: Send, request_id: bytes, *, docs: bool) -> Send:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                present = {name for name, _ in headers}
                headers.append((b"x-request-id", request_id))
                headers.extend(self._always)
                if docs:
                    headers.append((b"content-security-policy", DOCS_POLICY.encode()))
                    present.add(b"content-security-policy")
                headers.extend((name, value) for name, value in UNLESS_SET if name not in present)
                message["headers"] = headers
            await send(message)

        return dressed


def host_of(value: bytes) -> str | None:
    """The name in a `Host` header, lower case, without its port; None for what is none."""
    text = value.decode("latin-1").lower()
    if text.startswith("["):
        name, bracket, port = text[1:].partition("]")
        port = port.removeprefix(":") if port else ""
        if not bracket:
            return None
    else:
        name, _, port = text.partition(":")
    return name if name and (not port or port.isdecimal()) else None


def _wants_html(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _too_large(scope: Scope) -> bool:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return any(not value.isdigit() or int(value) > MAX_BODY_BYTES for value in lengths)


def _path_and_query(scope: Scope) -> bytes:
    # A path that begins with two slashes would name another host.
    path = b"/" + scope["raw_path"].split(b"?", 1)[0].lstrip(b"/\\")
    query = scope["query_string"]
    return path + (b"?" + query if query else b"")


async def _redirect(send: Send, location: bytes) -> None:
    await send({"type": "http.response.start", "status": 307, "headers": [(b"location", location)]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _refuse(send: Send, error: AuthError) -> None:
    problem = problem_of(error)
    body = msgspec.json.encode(problem)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
