"""The standalone service: the plugin, and what only an application may own."""

from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, get
from msgspec import Struct
from sqlalchemy.ext.asyncio import async_sessionmaker

from hybrid_auth.core.clock import Clock, SystemClock
from hybrid_auth.core.config import AccountConfig, AuthConfig, BackOff, SecondFactorConfig, SessionConfig, WebConfig
from hybrid_auth.core.database import create_engine
from hybrid_auth.core.principal import Principal
from hybrid_auth.core.redis import RedisNode
from hybrid_auth.edge import Edge
from hybrid_auth.frontend import DocsPage, FrontEnd
from hybrid_auth.guards import requires_session
from hybrid_auth.openapi import openapi_config
from hybrid_auth.plugin import HybridAuth
from hybrid_auth.problems import HANDLERS, unexpected_error
from hybrid_auth.settings import Settings


class SampleData(Struct, frozen=True):
    message: str


@get(
    "/api/data",
    operation_id="sampleData",
    summary="A route of an application, guarded",
    tags=["Sample"],
    guards=[requires_session],
    opt={"hybrid_auth": "authenticated"},
    security=[{"bearer": []}],
)
async def sample_data(request: Request[Principal, Any, Any]) -> SampleData:
    return SampleData(f"Hello {request.user.display_name or request.user.email}. Only a living session reads this.")


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    show_mail: Callable[[str, str, str], None] | None = None,
    openapi: bool = False,
) -> Litestar:
    """The service on the stores that `settings` names.

    `openapi`: whether ``/schema`` is served where the settings do not say.
    """
    engine = create_engine(settings.database_url or "")
    redis = RedisNode(settings.redis_url or "")
    config = auth_config(settings, engine=engine, redis=redis, clock=clock, show_mail=show_mail)
    front_end = FrontEnd(front_end_directory())
    shows_docs = (settings.openapi or ("on" if openapi else "off")) == "on"

    async def close() -> None:
        await redis.aclose()
        await engine.dispose()

    app = Litestar(
        route_handlers=[sample_data, front_end.router()],
        plugins=[HybridAuth(config)],
        exception_handlers={**HANDLERS, Exception: unexpected_error},
        openapi_config=(
            openapi_config(title=settings.app_name, version=version("hybrid-auth"), page=DocsPage(front_end))
            if shows_docs
            else None
        ),
        on_shutdown=[close],
        logging_config=None,
    )
    app.asgi_handler = Edge(
        app.asgi_handler,
        hosts=settings.allowed_hosts,
        public_url=settings.public_origin,
        secure=settings.secure_cookies,
    )
    return app


def front_end_directory() -> Path:
    """Where the built front end is: inside the wheel, or beside the sources in a checkout."""
    here = Path(__file__).parent
    packaged = here / "_frontend"
    return packaged if packaged.is_dir() else here.parent.parent / "frontend-demo" / "dist"


def auth_config(
    settings: Settings, *, engine: Any, redis: RedisNode, clock: Clock | None, show_mail: Any
) -> AuthConfig:
    """Settings turned into objects."""
    return AuthConfig(
        session_maker=async_sessionmaker(engine, expire_on_commit=False),
        redis=redis,
        secret_keys=settings.secret_keys,
        web=WebConfig(
            public_url=settings.public_origin,
            allowed_origins=settings.allowed_origins,
            secure_cookies=settings.secure_cookies,
            rp_id=settings.rp_id,
            challenge_ttl=timedelta(seconds=settings.passkey_challenge_ttl),
        ),
        sessions=SessionConfig(
            issuer=settings.issuer,
            audience=settings.audience,
            access_token_ttl=timedelta(seconds=settings.access_token_ttl),
            idle_ttl=timedelta(seconds=settings.session_idle_ttl),
            absolute_ttl=timedelta(seconds=settings.session_absolute_ttl),
            refresh_grace=timedelta(seconds=settings.refresh_grace),
            recent_ttl=timedelta(seconds=settings.recent_ttl),
            require_second_factor=settings.require_second_factor,
        ),
        accounts=AccountConfig(
            app_name=settings.app_name,
            email_verification=settings.email_verification,
            verification_ttl=timedelta(seconds=settings.email_verification_ttl),
            public_url=settings.public_origin,
            enrolment_ttl=timedelta(seconds=settings.enrolment_token_ttl),
            password_words=(settings.public_host,),
            password_min_length=settings.password_min_length,
            password_max_length=settings.password_max_length,
            password_min_score=settings.password_min_score,
        ),
        second_factor=SecondFactorConfig(
            mfa_token_ttl=timedelta(seconds=settings.mfa_token_ttl),
            trusted_browser_ttl=timedelta(seconds=settings.trusted_browser_ttl),
            recovery_code_count=settings.recovery_code_count,
        ),
        back_off=BackOff(
            after=settings.backoff_after,
            first=timedelta(seconds=settings.backoff_first),
            longest=timedelta(seconds=settings.backoff_max),
        ),
        passkey_providers=Path(settings.passkey_providers) if settings.passkey_providers else None,
        argon2=settings.argon2,
        hashing_workers=settings.hashing_workers,
        hashing_queue=settings.hashing_queue,
        clock=clock or SystemClock(),
        show_mail=show_mail,
    )
