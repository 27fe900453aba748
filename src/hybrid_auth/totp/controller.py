"""The TOTP calls."""

from litestar import Controller, Response, delete, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import WebConfig
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import (
    Conflict,
    InvalidCode,
    InvalidToken,
    LastSignInMethod,
    NotFound,
    OriginNotAllowed,
    RateLimited,
    ReauthenticationRequired,
    SessionRevoked,
)
from hybrid_auth.core.http import StrictRequest, raises, same_origin
from hybrid_auth.sessions.service import Authenticated
from hybrid_auth.signin.enrolment import Enrolments
from hybrid_auth.signin.responses import arrival_of, cookies_of, enroller_of
from hybrid_auth.signin.schemas import login_result
from hybrid_auth.signin.service import SignIn
from hybrid_auth.totp.schemas import TotpActivated, TotpActivationRequest, TotpEnrolment
from hybrid_auth.totp.service import Totp


class TotpEnrolmentController(Controller):
    """Adding an authenticator app, by a session or an enrolment token."""

    path = "/auth/totp"
    tags = ("Two-factor",)

    @post(
        "/enroll",
        operation_id="enrollTotp",
        summary="Begin to add an authenticator app",
        status_code=HTTP_200_OK,
        security=[{"bearer": []}],
        opt=raises(InvalidToken, SessionRevoked, ReauthenticationRequired),
    )
    async def enroll(
        self,
        request: StrictRequest,
        totp: NamedDependency[Totp],
        enrolments: NamedDependency[Enrolments],
        transaction: NamedDependency[Transaction],
        caller: NamedDependency[Authenticated | None],
    ) -> TotpEnrolment:
        enroller = await enroller_of(request, enrolments, transaction, caller)
        offered = await totp.enroll(transaction, enroller)
        return TotpEnrolment(offered.secret, offered.uri, offered.qr_svg, offered.expires_in)

    @post(
        "/activate",
        operation_id="activateTotp",
        summary="Put the authenticator app in force with a first code; other sessions end",
        status_code=HTTP_200_OK,
        security=[{"bearer": []}],
        guards=[same_origin],
        opt=raises(
            InvalidToken, SessionRevoked, InvalidCode, Conflict, OriginNotAllowed, RateLimited, ReauthenticationRequired
        ),
    )
    async def activate(
        self,
        request: StrictRequest,
        data: JSONBody[TotpActivationRequest],
        totp: NamedDependency[Totp],
        enrolments: NamedDependency[Enrolments],
        sign_in: NamedDependency[SignIn],
        transaction: NamedDependency[Transaction],
        caller: NamedDependency[Authenticated | None],
        web: NamedDependency[WebConfig],
        clock: NamedDependency[Clock],
    ) -> Response[TotpActivated]:
        enroller = await enroller_of(request, enrolments, transaction, caller)
        activated = await totp.activate(transaction, enroller, data.code)
        codes = tuple(activated.recovery_codes)
        if activated.proof is None:
            return Response(TotpActivated(codes))
        signed_in = await sign_in.advance(transaction, activated.proof, arrival_of(request, web, data.client))
        answer = TotpActivated(codes, sign_in=login_result(signed_in))
        return Response(answer, cookies=cookies_of(signed_in, web=web, clock=clock))


class TotpController(Controller):
    """One's own authenticator app."""

    path = "/auth/totp"
    tags = ("Two-factor",)

    @delete(
        "",
        operation_id="disableTotp",
        summary="Switch two-factor by authenticator app off",
        opt=raises(NotFound, LastSignInMethod, ReauthenticationRequired),
    )
    async def disable(
        self,
        caller: NamedDependency[Authenticated],
        totp: NamedDependency[Totp],
        transaction: NamedDependency[Transaction],
    ) -> None:
        await totp.disable(transaction, caller)
