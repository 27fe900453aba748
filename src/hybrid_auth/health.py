"""Whether the service works, and whether it lives."""

from collections.abc import Awaitable, Callable
from typing import Literal

from litestar import Controller, Response, get
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE
from msgspec import Struct
from sqlalchemy import text

from hybrid_auth.core.clock import monotonic
from hybrid_auth.core.config import AuthConfig
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import Unavailable
from hybrid_auth.core.http import StrictRequest


class StoreCheck(Struct, frozen=True):
    status: Literal["ok", "unavailable"]
    latency_ms: float | None
    """Of one round trip, in milliseconds; None where there was none."""


class Health(Struct, frozen=True):
    status: Literal["ok", "degraded", "unavailable"]
    checks: dict[str, StoreCheck]


class Live(Struct, frozen=True):
    status: Literal["ok"] = "ok"


class HealthController(Controller):
    """For load balancers and people on call."""

    path = "/auth/health"
    tags = ("Operations",)

    @get("", operation_id="health", summary="Both stores, asked just now")
    async def health(self, request: StrictRequest) -> Response[Health]:
        config: AuthConfig = request.app.state.hybrid_auth.config

        async def postgres() -> None:
            async with Transaction(config.session_maker) as transaction:
                await transaction.execute(text("SELECT 1"))

        async def redis() -> None:
            await config.redis.command("PING")

        checks = {"postgres": await _timed(postgres), "redis": await _timed(redis)}
        working = sum(check.status == "ok" for check in checks.values())
        status: Literal["ok", "degraded", "unavailable"] = ("unavailable", "degraded", "ok")[working]
        return Response(Health(status, checks), status_code=HTTP_200_OK if working else HTTP_503_SERVICE_UNAVAILABLE)

    @get("/live", operation_id="live", summary="The process answers; no store is touched")
    async def live(self) -> Live:
        return Live()


async def _timed(ask: Callable[[], Awaitable[None]]) -> StoreCheck:
    begun = monotonic()
    try:
        await ask()
    except Unavailable:
        return StoreCheck("unavailable", None)
    return StoreCheck("ok", round((monotonic() - begun) * 1000, 2))
