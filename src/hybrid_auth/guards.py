"""Who is calling: resolved for every request that says so, required where a route asks for it."""

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers.base import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from hybrid_auth.core.errors import AuthError, InvalidToken
from hybrid_auth.core.http import CALLER, REFUSAL, refusal_of
from hybrid_auth.sessions.access_tokens import AccessTokens
from hybrid_auth.sessions.service import Authenticated, SessionService


class ResolveSession(ASGIMiddleware):
    """Finds the living session behind a bearer token. It never rejects: a route that needs no session stays open.

    `request.user` is the Principal and `request.auth` the Authenticated caller, where there is one. Guards look
    elsewhere: a host's own middleware may set these two as well.
    """

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    def __init__(self, access_tokens: AccessTokens, sessions: SessionService) -> None:
        self._access_tokens = access_tokens
        self._sessions = sessions

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        caller: Authenticated | None = None
        values = [value for name, value in scope["headers"] if name == b"authorization"]
        if values:
            try:
                caller = await self._resolve(values)
            except AuthError as refusal:
                scope["state"][REFUSAL] = refusal
        scope["state"][CALLER] = caller
        scope.setdefault("auth", None)
        scope.setdefault("user", None)
        if caller is not None:
            scope["auth"], scope["user"] = caller, caller.principal
        await next_app(scope, receive, send)

    async def _resolve(self, values: list[bytes]) -> Authenticated:
        scheme, _, token = values[0].decode("latin-1").partition(" ")
        if len(values) > 1 or scheme.lower() != "bearer":
            raise InvalidToken
        return await self._sessions.check(self._access_tokens.verify(token))


async def requires_session(connection: ASGIConnection, handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]
    """A guard: only for somebody with a living session."""
    if not isinstance(connection.scope["state"].get(CALLER), Authenticated):
        raise refusal_of(connection)
