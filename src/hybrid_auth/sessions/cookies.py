"""The refresh cookie."""

from datetime import datetime

from litestar.datastructures import Headers

from hybrid_auth.core.config import WebConfig
from hybrid_auth.core.http import read_cookie, set_cookie
from hybrid_auth.sessions.service import Tokens


def cookie_name(web: WebConfig) -> str:
    """``__Host-refresh`` over HTTPS: bound to this host and this path by its name (RFC 6265bis §4.1.3.2)."""
    return "__Host-refresh" if web.secure_cookies else "refresh"


def refresh_cookie(headers: Headers, web: WebConfig) -> str | None:
    """The refresh token a browser sent; "" where two were sent, None where none was."""
    return read_cookie(headers, cookie_name(web))


def refresh_cookie_header(tokens: Tokens, web: WebConfig, *, now: datetime) -> dict[str, str]:
    """`Set-Cookie` for a browser's tokens, living as long as the session can; nothing for a native client."""
    if tokens.transport == "native":
        return {}
    max_age = max(int((tokens.session.expires_at - now).total_seconds()), 0)
    return {
        "set-cookie": set_cookie(cookie_name(web), tokens.refresh_token, max_age=max_age, secure=web.secure_cookies)
    }


def clear_refresh_cookie_header(web: WebConfig) -> dict[str, str]:
    """`Set-Cookie` that removes it. Only ever sent where the session is known to be over."""
    return {"set-cookie": set_cookie(cookie_name(web), "", max_age=0, secure=web.secure_cookies)}
