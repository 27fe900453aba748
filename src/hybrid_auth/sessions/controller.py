"""Refresh, sign-out and the device list."""

from operator import itemgetter
from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import WebConfig
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import (
    InvalidRefreshToken,
    InvalidToken,
    MalformedRequest,
    NotFound,
    OriginNotAllowed,
    RefreshTokenReused,
)
from hybrid_auth.core.http import StrictRequest, path_id, raises, refusal_of, same_origin
from hybrid_auth.sessions.cookies import expired_refresh_cookie, new_refresh_cookie, refresh_cookie
from hybrid_auth.sessions.schemas import RefreshRequest, RefreshResult, RevokedSessions, SessionList, SessionView
from hybrid_auth.sessions.service import Authenticated, SessionService
from hybrid_auth.sessions.session import Transport

COOKIE: Transport = "cookie"
NATIVE: Transport = "native"


class TokenController(Controller):
    """Calls that act on a refresh token."""

    path = "/auth"
    tags = ("Sessions",)

    @post(
        "/refresh",
        operation_id="refresh",
        summary="Renew the access token",
        status_code=HTTP_200_OK,
        guards=[same_origin],
        opt=raises(InvalidRefreshToken, RefreshTokenReused, OriginNotAllowed, MalformedRequest),
    )
    async def refresh(
        self,
        request: StrictRequest,
        sessions: NamedDependency[SessionService],
        web: NamedDependency[WebConfig],
        clock: NamedDependency[Clock],
        data: JSONBody[RefreshRequest | None] = None,
    ) -> Response[RefreshResult]:
        cookie = refresh_cookie(request.headers, web)
        if data is not None and cookie is not None:
            raise MalformedRequest("Send the refresh token as a cookie or in the body, not both.")
        if data is None and cookie is None:
            raise InvalidRefreshToken
        if data is not None:
            tokens = await sessions.refresh(data.refresh_token, transport="native")
        else:
            tokens = await sessions.refresh(cookie or "", transport="cookie")
        return Response(RefreshResult.of(tokens), cookies=new_refresh_cookie(tokens, web, now=clock.now()))

    @post(
        "/logout",
        operation_id="logout",
        summary="Sign out: this session ends everywhere at once",
        status_code=HTTP_204_NO_CONTENT,
        guards=[same_origin],
        opt=raises(InvalidToken, InvalidRefreshToken, OriginNotAllowed, MalformedRequest),
    )
    async def logout(
        self,
        request: StrictRequest,
        sessions: NamedDependency[SessionService],
        transaction: NamedDependency[Transaction],
        web: NamedDependency[WebConfig],
        caller: NamedDependency[Authenticated | None],
        data: JSONBody[RefreshRequest | None] = None,
    ) -> Response[None]:
        cookie = refresh_cookie(request.headers, web)
        if data is not None and cookie is not None:
            raise MalformedRequest("Send the refresh token as a cookie or in the body, not both.")
        presented, transport = (data.refresh_token, NATIVE) if data is not None else (cookie, COOKIE)
        token = sessions.read_refresh_token(presented) if presented else None
        ending: dict[tuple[UUID, UUID], Transport | None] = {}
        if token is not None:
            ending[token.user_id, token.session_id] = transport
        if caller is not None:
            ending[caller.principal.id, caller.session.id] = None
        if not ending:
            raise InvalidRefreshToken if presented is not None else refusal_of(request)
        ended = False
        # In one order for all: two requests that end the same two sessions must not wait for each other.
        for (user_id, session_id), only in sorted(ending.items(), key=itemgetter(0)):
            ended |= await sessions.revoke(
                transaction, user_id=user_id, session_id=session_id, reason="signed_out", transport=only
            )
        if not ended and token and caller is None and await sessions.travels_otherwise(transaction, token, transport):
            raise InvalidRefreshToken
        cookies = expired_refresh_cookie(request.headers, web)
        return Response(None, status_code=HTTP_204_NO_CONTENT, cookies=cookies)


class SessionController(Controller):
    """The device list."""

    path = "/auth"
    tags = ("Sessions",)

    @post(
        "/logout-all",
        operation_id="logoutAll",
        summary="Sign out everywhere, here included",
        status_code=HTTP_200_OK,
    )
    async def logout_all(
        self,
        request: StrictRequest,
        caller: NamedDependency[Authenticated],
        sessions: NamedDependency[SessionService],
        transaction: NamedDependency[Transaction],
        web: NamedDependency[WebConfig],
    ) -> Response[RevokedSessions]:
        ended = await sessions.revoke_all(transaction, caller.principal.id, reason="signed_out_everywhere")
        return Response(RevokedSessions(ended), cookies=expired_refresh_cookie(request.headers, web))

    @get("/sessions", operation_id="listSessions", summary="Where you are signed in")
    async def list_sessions(
        self,
        caller: NamedDependency[Authenticated],
        sessions: NamedDependency[SessionService],
        transaction: NamedDependency[Transaction],
    ) -> SessionList:
        living = await sessions.living_sessions(transaction, caller.principal.id)
        return SessionList([SessionView.of(s, current=s.id == caller.session.id) for s in living])

    @delete(
        "/sessions",
        operation_id="revokeOtherSessions",
        summary="Sign out everywhere but here",
        status_code=HTTP_200_OK,
    )
    async def revoke_other_sessions(
        self,
        caller: NamedDependency[Authenticated],
        sessions: NamedDependency[SessionService],
        transaction: NamedDependency[Transaction],
    ) -> RevokedSessions:
        ended = await sessions.revoke_all(
            transaction, caller.principal.id, keep=caller.session.id, reason="revoked_by_user"
        )
        return RevokedSessions(ended)

    @delete(
        "/sessions/{session_id:str}",
        operation_id="revokeSession",
        summary="Sign out one device",
        opt=raises(NotFound),
    )
    async def revoke_session(
        self,
        session_id: FromPath[str],
        caller: NamedDependency[Authenticated],
        sessions: NamedDependency[SessionService],
        transaction: NamedDependency[Transaction],
    ) -> None:
        await sessions.revoke_listed(transaction, user_id=caller.principal.id, session_id=path_id(session_id))
