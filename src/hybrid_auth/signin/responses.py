"""From a proof that came with a request to the one answer that opens a session."""

from litestar import Response
from litestar.status_codes import HTTP_200_OK

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import WebConfig
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.http import StrictRequest, client_info
from hybrid_auth.core.principal import Proof
from hybrid_auth.sessions.cookies import refresh_cookie, refresh_cookie_header
from hybrid_auth.signin.schemas import Client, LoginResult, SignedInResult
from hybrid_auth.signin.service import SignedIn, SignIn


async def open_session(
    request: StrictRequest, sign_in: SignIn, transaction: Transaction, proof: Proof, *, web: WebConfig, client: Client
) -> SignedIn:
    """A session for a proof, in the transport the client asked for; the one this browser had before ends."""
    return await sign_in.advance(
        transaction,
        proof,
        client=client_info(request),
        transport="native" if client == "native" else "cookie",
        earlier_refresh_token=refresh_cookie(request.headers, web),
    )


def sign_in_response(
    signed_in: SignedIn, *, web: WebConfig, clock: Clock, status_code: int = HTTP_200_OK
) -> Response[LoginResult]:
    """Tokens in the body, and the refresh token as a cookie where the client is a browser.

    It is sent after the request's transaction has committed; a failed commit leaves no cookie behind.
    """
    headers = refresh_cookie_header(signed_in.tokens, web, now=clock.now())
    return Response(SignedInResult.of(signed_in), status_code=status_code, headers=headers)
