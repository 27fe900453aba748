"""Two workers for each module; every test has people of its own."""

from collections.abc import AsyncIterator

import pytest

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.service import Person
from tests.support.workers import Workers, open_workers


@pytest.fixture(scope="module")
async def workers(module_database_url: str, redis_server: EmbeddedRedis) -> AsyncIterator[Workers]:
    """Two workers on the stores of the run."""
    async with open_workers(module_database_url, redis_server.url) as running:
        yield running


@pytest.fixture
async def person(workers: Workers) -> Person:
    """Somebody with an account."""
    return await workers.first.service.person()
