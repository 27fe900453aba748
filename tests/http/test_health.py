"""`/auth/health`."""

import asyncio
from collections.abc import Callable

from hybrid_auth.embedded.postgres import EmbeddedPostgres
from hybrid_auth.embedded.redis import EmbeddedRedis
from hybrid_auth.migrations import upgrade
from tests.support.service import Service, open_service, problem


async def test_ok(service: Service) -> None:
    """Both stores answer: `ok`, with the time each took."""
    answer = await service.http().get("/auth/health")
    assert answer.status_code == 200
    health = answer.json()
    assert health.keys() == {"status", "checks"}
    assert health["status"] == "ok"
    assert health["checks"].keys() == {"postgres", "redis"}
    for check in health["checks"].values():
        assert check["status"] == "ok"
        assert check["latency_ms"] >= 0


async def test_live_touches_no_store(service: Service) -> None:
    """Being alive is answered without a look at any store."""
    with service.counting() as work:
        answer = await service.http().get("/auth/health/live")
    assert answer.status_code == 200
    assert work.statements == []


async def test_outages(
    start_postgres: Callable[..., EmbeddedPostgres], start_redis: Callable[..., EmbeddedRedis]
) -> None:
    """One store away is `degraded` and still 200, both away `unavailable` and 503; no answer is ever a 500."""
    postgres, redis = start_postgres(), start_redis()
    await asyncio.to_thread(upgrade, postgres.url)
    async with open_service(postgres.url, redis.url) as service:
        _, browser = await service.signed_in()
        await browser.get("/auth/me")
        postgres.stop()
        answer = await service.http().get("/auth/health")
        assert answer.status_code == 200
        assert answer.json()["status"] == "degraded"
        assert answer.json()["checks"]["postgres"] == {"status": "unavailable", "latency_ms": None}
        assert answer.json()["checks"]["redis"]["status"] == "ok"
        # What Redis knows is enough for a session that is unchanged, and a sign-in is told to wait.
        assert await browser.is_signed_in()
        refused = await service.browser().post("/auth/login", {"email": "a@example.org", "password": "b"})
        assert problem(refused) == (503, "service_unavailable")
        assert int(refused.headers["retry-after"]) >= 1
        redis.stop()
        answer = await service.http().get("/auth/health")
        assert answer.status_code == 503
        assert answer.json()["status"] == "unavailable"
        refused = await browser.get("/auth/me")
        assert problem(refused) == (503, "service_unavailable")
        assert "www-authenticate" not in refused.headers
        assert problem(await browser.post("/auth/refresh")) == (503, "service_unavailable")
        assert browser.cookie is not None
        assert problem(await browser.post("/auth/logout")) == (503, "service_unavailable")
        assert (await service.http().get("/auth/health/live")).status_code == 200
