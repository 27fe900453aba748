"""Failures in a row, on a real Redis and a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from hybrid_auth.core.config import BackOff
from hybrid_auth.core.errors import RateLimited, Unavailable
from hybrid_auth.core.redis import RedisNode
from hybrid_auth.embedded.redis import EmbeddedRedis
from hybrid_auth.ratelimit.failures import Failures
from tests.support.service import FixedClock

WAITS = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
"""Seconds after the 5th attempt, the 6th, and so on."""


@pytest.fixture
async def node(redis_url: str) -> AsyncIterator[RedisNode]:
    """An empty Redis."""
    node = RedisNode(redis_url)
    yield node
    await node.aclose()


async def _attempt(failures: Failures, user_id: UUID, method: str = "second_factor") -> int:
    """Seconds to wait; 0 where the attempt is let through."""
    try:
        await failures.attempt(user_id, method)
    except RateLimited as refused:
        return refused.retry_after
    return 0


async def test_the_fifth_costs_a_wait_and_each_further_one_twice_as_long(node: RedisNode) -> None:
    """Up to an hour, for ever: no wait ends the count."""
    clock, person = FixedClock(), uuid4()
    failures = Failures(node, clock, BackOff())
    assert [await _attempt(failures, person) for _ in range(5)] == [0] * 5
    for wait in WAITS:
        assert await _attempt(failures, person) == wait
        clock.advance(seconds=wait - 1)
        assert await _attempt(failures, person) == 1
        clock.advance(seconds=1)
        assert await _attempt(failures, person) == 0


async def test_what_is_refused_is_not_counted(node: RedisNode) -> None:
    """Else whoever keeps on asking would keep the owner out for ever."""
    clock, person = FixedClock(), uuid4()
    failures = Failures(node, clock, BackOff())
    for _ in range(5):
        await failures.attempt(person, "second_factor")
    assert [await _attempt(failures, person) for _ in range(40)] == [30] * 40
    clock.advance(seconds=30)
    assert [await _attempt(failures, person) for _ in range(2)] == [0, 60]


async def test_a_success_forgets_them(node: RedisNode) -> None:
    """All, and the wait with them."""
    clock, person = FixedClock(), uuid4()
    failures = Failures(node, clock, BackOff())
    for _ in range(2):
        assert [await _attempt(failures, person) for _ in range(6)] == [0] * 5 + [30]
        await failures.forget(person, "second_factor")


async def test_each_person_and_method_has_its_own(node: RedisNode) -> None:
    """Failures of one are nobody else's wait."""
    clock, person, other = FixedClock(), uuid4(), uuid4()
    failures = Failures(node, clock, BackOff())
    assert [await _attempt(failures, person) for _ in range(6)] == [0] * 5 + [30]
    assert await _attempt(failures, person, "password") == 0
    assert await _attempt(failures, other) == 0
    await failures.forget(other, "second_factor")
    await failures.forget(person, "password")
    assert await _attempt(failures, person) == 30


async def test_of_a_hundred_at_once_five_get_through(node: RedisNode) -> None:
    """A-78: counted before anything is looked at; after the wait it is one."""
    clock, person = FixedClock(), uuid4()
    failures = Failures(node, clock, BackOff())
    for through in (5, 1, 1):
        waits = await asyncio.gather(*(_attempt(failures, person) for _ in range(100)))
        assert waits.count(0) == through
        clock.advance(hours=1)


async def test_the_numbers_are_settings(node: RedisNode) -> None:
    """And a part of a second still to wait is a whole one to say."""
    clock, person = FixedClock(), uuid4()
    config = BackOff(after=2, first=timedelta(milliseconds=1500), longest=timedelta(seconds=2))
    failures = Failures(node, clock, config)
    assert [await _attempt(failures, person) for _ in range(3)] == [0, 0, 2]
    clock.advance(milliseconds=1499)
    assert await _attempt(failures, person) == 1
    clock.advance(milliseconds=1)
    assert [await _attempt(failures, person) for _ in range(2)] == [0, 2]


async def test_a_count_is_kept_for_a_year(node: RedisNode, redis_url: str) -> None:
    """Under the person's own hash tag, and in Redis' own time."""
    person = uuid4()
    await Failures(node, FixedClock(), BackOff()).attempt(person, "second_factor")
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        [key] = await redis.keys("*failures*")
        assert key == f"ha:{{{person.hex}}}:failures:second_factor"
        day = 86_400_000
        assert 364 * day < await redis.pttl(key) <= 365 * day


async def test_a_clock_put_back_makes_no_endless_wait(node: RedisNode) -> None:
    """A wait is at most its own length from when it was set; time that jumps back adds what it jumped, no more."""
    clock, person = FixedClock(), uuid4()
    failures = Failures(node, clock, BackOff())
    for _ in range(5):
        await failures.attempt(person, "second_factor")
    clock.advance(seconds=-10)
    assert await _attempt(failures, person) == 40
    clock.advance(seconds=40)
    assert await _attempt(failures, person) == 0


async def test_without_redis_nothing_is_evaluated(start_redis: Callable[..., EmbeddedRedis]) -> None:
    """Nobody can count, so nobody may guess; that a success is not noted is logged, and costs a wait at worst."""
    redis = start_redis()
    node = RedisNode(redis.url)
    failures = Failures(node, FixedClock(), BackOff())
    try:
        await failures.attempt(uuid4(), "second_factor")
        await asyncio.to_thread(redis.stop)
        with pytest.raises(Unavailable):
            await failures.attempt(uuid4(), "second_factor")
        with capture_logs() as logs:
            await failures.forget(uuid4(), "second_factor")
        assert [entry["event"] for entry in logs] == ["failures.not_forgotten"]
    finally:
        await node.aclose()
