"""Addresses that other software looks for (RFC 8615)."""

from typing import Any

from litestar import Controller, Response, get
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_302_FOUND

from hybrid_auth.core.config import WebConfig
from hybrid_auth.core.errors import NotFound
from hybrid_auth.core.http import raises
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
        "/passkey-endpoints",
        operation_id="passkeyEndpoints",
        summary="Where passkeys are made and managed (W3C passkey endpoints)",
        cache_control=CacheControlHeader(public=True, max_age=300),
    )
    async def passkey_endpoints(self, web: NamedDependency[WebConfig]) -> dict[str, str]:
        page = f"{web.public_url}/account#passkeys"
        return {"enroll": page, "manage": page}

    @get(
        "/webauthn",
        operation_id="relatedOrigins",
        summary="Origins that may use our passkeys (WebAuthn L3 §5.11)",
        opt=raises(NotFound),
        cache_control=CacheControlHeader(public=True, max_age=300),
    )
    async def related_origins(self, web: NamedDependency[WebConfig]) -> dict[str, list[str]]:
        if len(web.allowed_origins) < 2:
            raise NotFound
        return {"origins": sorted(web.allowed_origins)}

    @get(
        "/change-password",
        operation_id="changePasswordPage",
        summary="Where a person changes their password",
        status_code=HTTP_302_FOUND,
    )
    async def change_password(self) -> Redirect:
        return Redirect("/account#password", status_code=HTTP_302_FOUND)
