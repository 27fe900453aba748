"""The refresh cookie."""

from datetime import datetime

from litestar.datastructures import Cookie, Headers

from hybrid_auth.core.config import WebConfig
from hybrid_auth.core.http import make_cookie, read_cookie
from hybrid_auth.sessions.service import Tokens

NAME = "refresh"


def refresh_cookie(headers: Headers, web: WebConfig) -> str | None:
    """The refresh token a browser sent; "" where two were sent, None where none was."""
    return read_cookie(headers, NAME, web)


def new_refresh_cookie(tokens: Tokens, web: WebConfig, *, now: datetime) -> list[Cookie]:
    """The cookie of a browser's tokens, living as long as the session can; none for a native client."""
    if tokens.transport == "native":
        return []
    max_age = max(int((tokens.session.expires_at - now).total_seconds()), 0)
    return [make_cookie(NAME, tokens.refresh_token, max_age=max_age, web=web)]


def expired_refresh_cookie(headers: Headers, web: WebConfig) -> list[Cookie]:
    """What removes the cookie that was sent. Only where the session is known to be over."""
    return [] if refresh_cookie(headers, web) is None else [make_cookie(NAME, "", max_age=0, web=web)]
