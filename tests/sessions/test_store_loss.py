"""Redis is emptied, restarted, or comes back with what it knew: no living session is lost, no dead one returns."""

import asyncio
from collections.abc import Callable

from hybrid_auth.embedded.redis import EmbeddedRedis
from hybrid_auth.sessions.service import Tokens
from tests.support.workers import Worker, Workers, open_workers


async def open_many(worker: Worker, count: int) -> list[Tokens]:
    """Sessions of several people, each known to Redis."""
    people = [await worker.service.person() for _ in range(5)]
    opened = [await worker.open(people[number % len(people)]) for number in range(count)]
    assert {await worker.check(tokens) for tokens in opened} == {"alive"}
    return opened


async def verdicts(workers: Workers, sessions: list[Tokens]) -> set[str]:
    """What all workers say of all these sessions, asked at once."""
    return set(await asyncio.gather(*(worker.check(tokens) for tokens in sessions for worker in workers)))


async def test_flushall_with_100_living_and_100_revoked(workers: Workers) -> None:
    """After FLUSHALL all 100 living sessions work, check and refresh alike, and none of 100 revoked ones does."""
    sessions = await open_many(workers.first, 200)
    living, revoked = sessions[:100], sessions[100:]
    for tokens in revoked:
        await workers.first.revoke(tokens)
    await workers.first.tell_redis("FLUSHALL")
    assert await verdicts(workers, living) == {"alive"}
    assert await verdicts(workers, revoked) == {"session_revoked"}
    await workers.first.tell_redis("FLUSHALL")
    refreshed = await asyncio.gather(*(workers.second.refresh_outcome(tokens) for tokens in sessions))
    assert set(refreshed[:100]) == {"alive"}
    assert set(refreshed[100:]) == {"invalid_refresh_token"}


async def test_flushall_while_everybody_works(workers: Workers) -> None:
    """FLUSHALL in the middle of checks and refreshes costs nobody their session."""
    sessions = await open_many(workers.first, 40)

    async def work(worker: Worker, tokens: Tokens) -> set[str]:
        seen = set()
        for _ in range(5):
            tokens = await worker.refresh(tokens)
            seen.add(await worker.check(tokens))
        return seen

    async def flush() -> None:
        for _ in range(20):
            await workers.first.tell_redis("FLUSHALL")

    *seen, _ = await asyncio.gather(*(work(workers.second, tokens) for tokens in sessions), flush())
    assert set().union(*filter(None, seen)) == {"alive"}


async def test_restarts(module_database_url: str, start_redis: Callable[..., EmbeddedRedis]) -> None:
    """Restarted on its own data Redis is a node of another epoch, and its old records do not count; nor when empty."""
    redis = start_redis(durable=True)
    async with open_workers(module_database_url, redis.url) as workers:
        sessions = await open_many(workers.first, 20)
        living, revoked = sessions[:10], sessions[10:]
        for tokens in revoked:
            await workers.second.revoke(tokens)
        epochs = set()
        for empty in (False, False, True):
            epochs.add(await workers.first.epoch())
            await asyncio.to_thread(redis.stop)
            assert await verdicts(workers, living[:1]) == {"service_unavailable"}
            if empty:
                (redis.directory.path / "appendonly.aof").unlink()
            await asyncio.to_thread(redis.start)
            assert await verdicts(workers, living) == {"alive"}
            assert await verdicts(workers, revoked) == {"session_revoked"}
            living = [await workers.first.refresh(tokens) for tokens in living]
        assert len(epochs) == 3
        assert {workers.first.token(tokens).generation for tokens in living} == {3}


async def test_restarted_between_ticket_and_write(
    module_database_url: str, start_redis: Callable[..., EmbeddedRedis]
) -> None:
    """A ticket taken before a restart writes nothing after it, though the restored data still hold it."""
    redis = start_redis(durable=True)
    async with open_workers(module_database_url, redis.url) as workers:
        tokens = (await open_many(workers.second, 1))[0]
        await workers.second.tell_redis("FLUSHALL")
        trap = workers.first.postgres.trap("reply", tokens.session.id.bytes)
        rebuild = asyncio.create_task(workers.first.check(tokens))
        await trap.caught()
        held = (redis.directory.path / "appendonly.aof").read_bytes()
        await workers.second.revoke(tokens)
        await asyncio.to_thread(redis.kill)
        (redis.directory.path / "appendonly.aof").write_bytes(held)
        await asyncio.to_thread(redis.start)
        trap.release()
        assert await rebuild in ("session_revoked", "service_unavailable")
        assert await verdicts(workers, [tokens]) == {"session_revoked"}


async def test_bumped_number(workers: Workers) -> None:
    """An operator who loads an old dump into a running Redis bumps a number; on new connections nothing old counts."""
    sessions = await open_many(workers.first, 2)
    before = await workers.first.epoch()
    try:
        await workers.first.tell_redis("SET", "ha:epoch", "7")
        for worker in workers:
            await worker.reconnect()
            assert await worker.epoch() == before.removesuffix(".0") + ".7"
        with workers.first.service.counting() as work:
            assert await verdicts(workers, sessions) == {"alive"}
        assert work.statements
    finally:
        await workers.first.tell_redis("DEL", "ha:epoch")
        for worker in workers:
            await worker.reconnect()
