"""More sign-ins at once than passwords can be hashed (A-66)."""

import asyncio
from collections import Counter

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.service import Service, open_service, problem


async def test_too_many_at_once_are_told_to_come_back(module_database_url: str, redis_server: EmbeddedRedis) -> None:
    """Beyond the queue it is a quick 503 with `Retry-After`; everybody else is served, and afterwards all are."""
    settings = {"hashing_workers": "1", "hashing_queue": "3"}
    async with open_service(module_database_url, redis_server.url, **settings) as service:
        person, client = await service.signed_in()
        answers = await asyncio.gather(*(service.native().post("/auth/login", person.credentials) for _ in range(30)))
        counts = Counter(answer.status_code for answer in answers)
        assert counts.keys() == {200, 503}
        assert counts[200] >= 4
        for answer in answers:
            if answer.status_code == 503:
                assert problem(answer) == (503, "hashing_capacity_exceeded")
                assert int(answer.headers["retry-after"]) >= 1
                assert "set-cookie" not in answer.headers
        assert await client.is_signed_in()
        await _all_can_sign_in(service)


async def _all_can_sign_in(service: Service) -> None:
    for _ in range(5):
        _, client = await service.signed_in()
        assert await client.is_signed_in()
