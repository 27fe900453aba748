"""Addresses that other software looks for (RFC 8615)."""

from typing import Any

from litestar import Controller, Response, get
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_302_FOUND

from hybrid_auth.sessions.access_tokens import AccessTokens


class WellKnownController(Controller):
    """Everything else below `/.well-known/` is a real 404, since password managers probe for it."""

    path = "/.well-known"
    tags = ("Well-known",)

    @get(
        "/jwks.json",
        operation_id="jwks",
        summary="The public keys that verify access tokens (RFC 7517)",
        cache_control=CacheControlHeader(public=True, max_age=300),
    )
    async def jwks(self, access_tokens: NamedDependency[AccessTokens]) -> Response[dict[str, Any]]:
        return Response(access_tokens.jwks)

    @get(
        "/change-password",
        operation_id="changePasswordPage",
        summary="Where a person changes their password",
        status_code=HTTP_302_FOUND,
    )
    async def change_password(self) -> Redirect:
        return Redirect("/account#password", status_code=HTTP_302_FOUND)
