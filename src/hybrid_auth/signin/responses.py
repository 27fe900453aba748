"""From a proof that came with a request to the one answer that opens a session."""

from litestar import Response
from litestar.datastructures import Cookie
from litestar.status_codes import HTTP_200_OK

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import WebConfig
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.http import StrictRequest, bearer_token, client_info, make_cookie, read_cookie, refusal_of
from hybrid_auth.sessions.cookies import new_refresh_cookie, refresh_cookie
from hybrid_auth.sessions.service import Authenticated
from hybrid_auth.signin.enrolment import PREFIX, Enroller, Enrolments
from hybrid_auth.signin.schemas import Client, LoginResult, login_result
from hybrid_auth.signin.service import Arrival, SecondFactorRequired, SignedIn

TRUSTED = "trusted"


def arrival_of(request: StrictRequest, web: WebConfig, client: Client) -> Arrival:
    """How somebody who signs in comes to us: what they sent, and the transport they asked for."""
    return Arrival(
        client=client_info(request),
        transport="native" if client == "native" else "cookie",
        refresh_token=refresh_cookie(request.headers, web),
        trusted_token=read_cookie(request.headers, TRUSTED, web) if client == "browser" else None,
    )


async def enroller_of(
    request: StrictRequest, enrolments: Enrolments, transaction: Transaction, caller: Authenticated | None
) -> Enroller:
    """Who adds a factor: somebody signed in, or the bearer of an enrolment token."""
    bearer = bearer_token(request.headers)
    if caller is None and not (bearer or "").startswith(PREFIX):
        raise refusal_of(request)
    return await enrolments.enroller(transaction, caller, bearer)


def cookies_of(result: SignedIn | SecondFactorRequired, *, web: WebConfig, clock: Clock) -> list[Cookie]:
    """What a browser keeps of a sign-in. Sent after the commit: a failed one leaves no cookie behind."""
    if isinstance(result, SecondFactorRequired):
        return []
    cookies = new_refresh_cookie(result.tokens, web, now=clock.now())
    if result.trust is not None:
        cookies.append(make_cookie(TRUSTED, result.trust.token, max_age=result.trust.seconds, web=web))
    return cookies


def sign_in_response(
    result: SignedIn | SecondFactorRequired,
    *,
    web: WebConfig,
    clock: Clock,
    status_code: int = HTTP_200_OK,
) -> Response[LoginResult]:
    """Tokens in the body, and the refresh token as a cookie where the client is a browser; or what is still asked."""
    return Response(login_result(result), status_code=status_code, cookies=cookies_of(result, web=web, clock=clock))
