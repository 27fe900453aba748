"""A running service for each module; every test has people of its own in it."""

from collections.abc import AsyncIterator

import pytest

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.service import Service, open_service


@pytest.fixture(scope="module")
async def service(module_database_url: str, redis_server: EmbeddedRedis) -> AsyncIterator[Service]:
    """The service as it comes, on plain HTTP."""
    async with open_service(module_database_url, redis_server.url) as running:
        yield running
