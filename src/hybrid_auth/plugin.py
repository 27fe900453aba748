"""The service inside a Litestar application, a host's or our own."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from litestar import Litestar, Router
from litestar.config.app import AppConfig
from litestar.datastructures import CacheControlHeader
from litestar.handlers import HTTPRouteHandler
from litestar.plugins import InitPlugin, ReceiveRoutePlugin
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import ControllerRouterHandler

from hybrid_auth.accounts.controller import MeController
from hybrid_auth.core.config import AuthConfig
from hybrid_auth.core.errors import AuthError
from hybrid_auth.core.http import MAX_BODY_BYTES, StrictRequest, json_body
from hybrid_auth.dependencies import build, provide
from hybrid_auth.guards import ResolveSession, requires_session
from hybrid_auth.health import HealthController
from hybrid_auth.openapi import document_errors
from hybrid_auth.passkeys.controller import PasskeyCeremonyController, PasskeyController
from hybrid_auth.passwords.controller import PasswordChangeController, PasswordController
from hybrid_auth.problems import HANDLERS, auth_error
from hybrid_auth.recovery_codes.controller import RecoveryCodeController
from hybrid_auth.sessions.controller import SessionController, TokenController
from hybrid_auth.signin.controller import ReauthenticationController, SecondStepController, TrustedBrowserController
from hybrid_auth.totp.controller import TotpController, TotpEnrolmentController
from hybrid_auth.wellknown import WellKnownController

PUBLIC: Sequence[ControllerRouterHandler] = (
    PasswordController,
    TokenController,
    SecondStepController,
    PasskeyCeremonyController,
    TotpEnrolmentController,
    HealthController,
)
AUTHENTICATED: Sequence[ControllerRouterHandler] = (
    MeController,
    SessionController,
    ReauthenticationController,
    PasswordChangeController,
    PasskeyController,
    TotpController,
    RecoveryCodeController,
    TrustedBrowserController,
)


class HybridAuth(InitPlugin, ReceiveRoutePlugin):
    """Sign-in for a Litestar application: ``Litestar(plugins=[HybridAuth(AuthConfig(...))])``."""

    def __init__(self, config: AuthConfig) -> None:
        self.services = build(config)

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        services = self.services
        app_config.state.hybrid_auth = services
        app_config.middleware.append(ResolveSession(services.access_tokens, services.sessions))
        app_config.lifespan.append(self._lifespan)
        app_config.exception_handlers = {AuthError: auth_error, **(app_config.exception_handlers or {})}
        app_config.route_handlers.extend(
            (
                self._router(PUBLIC, authenticated=False),
                self._router(AUTHENTICATED, authenticated=True),
                Router(
                    "/",
                    route_handlers=[WellKnownController],
                    dependencies=provide(services),
                    exception_handlers=HANDLERS,
                    opt={"hybrid_auth": "public"},
                ),
            )
        )
        return app_config

    def receive_route(self, route: BaseRoute) -> None:
        """Document what each of our routes can answer."""
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if isinstance(handler, HTTPRouteHandler):
                    document_errors(handler)

    def _router(self, controllers: Sequence[ControllerRouterHandler], *, authenticated: bool) -> Router:
        guards = [json_body, *([requires_session] if authenticated else [])]
        return Router(
            "/",
            route_handlers=controllers,
            dependencies=provide(self.services),
            guards=guards,
            request_class=StrictRequest,
            request_max_body_size=MAX_BODY_BYTES,
            cache_control=CacheControlHeader(no_store=True),
            exception_handlers=HANDLERS,
            opt={"hybrid_auth": "authenticated" if authenticated else "public"},
            security=[{"bearer": []}] if authenticated else None,
        )

    @asynccontextmanager
    async def _lifespan(self, app: Litestar) -> AsyncGenerator[None, None]:
        await self.services.start()
        try:
            yield
        finally:
            await self.services.stop()
