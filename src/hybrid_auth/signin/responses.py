"""The one answer that opens a session."""

from litestar import Response
from litestar.status_codes import HTTP_200_OK

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import WebConfig
from hybrid_auth.sessions.cookies import refresh_cookie_header
from hybrid_auth.signin.schemas import LoginResult, SignedInResult
from hybrid_auth.signin.service import SignedIn


def sign_in_response(
    signed_in: SignedIn, *, web: WebConfig, clock: Clock, status_code: int = HTTP_200_OK
) -> Response[LoginResult]:
    """Tokens in the body, and the refresh token as a cookie where the client is a browser.

    It is sent after the request's transaction has committed; a failed commit leaves no cookie behind.
    """
    headers = refresh_cookie_header(signed_in.tokens, web, now=clock.now())
    return Response(SignedInResult.of(signed_in), status_code=status_code, headers=headers)
