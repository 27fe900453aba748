"""The tests of the session protocol about superseded tokens and a Redis that forgets, by their numbers there."""

import asyncio
from collections.abc import Callable

import pytest

from hybrid_auth.core.errors import RefreshTokenReused
from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.service import Person
from tests.support.workers import Workers, open_workers

GRACE = 20


async def test_1_refreshed_while_a_rebuild_waits(workers: Workers, person: Person) -> None:
    """A rebuild that read an older generation does not bring it back once a later one is confirmed."""
    tokens = await workers.first.open(person)
    await workers.second.check(tokens)
    successor = await workers.second.refresh(tokens)
    await workers.second.tell_redis("FLUSHALL")
    trap = workers.first.postgres.trap("reply", tokens.session.id.bytes)
    rebuild = asyncio.create_task(workers.first.check(tokens))
    await trap.caught()
    await workers.second.write_rotations()
    trap.release()
    assert await rebuild == "alive"
    workers.advance(seconds=GRACE + 1)
    assert await workers.first.refresh_outcome(tokens) == "refresh_token_reused"
    assert await workers.first.refresh_outcome(successor) == "invalid_refresh_token"


async def test_5_replay_after_redis_was_emptied(workers: Workers, person: Person) -> None:
    """Once a batch was written, emptying Redis does not make a superseded token good again."""
    tokens = await workers.first.open(person)
    successor = await workers.first.refresh(tokens)
    await workers.first.write_rotations()
    await workers.first.tell_redis("FLUSHALL")
    workers.advance(seconds=GRACE + 1)
    with pytest.raises(RefreshTokenReused):
        await workers.second.refresh(tokens)
    assert (await workers.first.row(tokens))["revoked_reason"] == "refresh_token_reused"
    assert await workers.check(successor) == {"session_revoked"}


async def test_5_replay_after_a_lost_reply(workers: Workers, person: Person) -> None:
    """A rotation whose reply never came from Redis reaches PostgreSQL by the retry that gets the successor."""
    tokens = await workers.first.open(person)
    await workers.first.check(tokens)
    trap = workers.first.redis.trap("reply", b"rotated")
    lost = asyncio.create_task(workers.first.refresh_outcome(tokens))
    await trap.caught()
    trap.cut()
    assert await lost == "service_unavailable"
    successor = await workers.second.refresh(tokens)
    await workers.second.write_rotations()
    assert (await workers.first.row(tokens))["generation"] == 1
    await workers.first.tell_redis("FLUSHALL")
    workers.advance(seconds=GRACE + 1)
    assert await workers.first.refresh_outcome(tokens) == "refresh_token_reused"
    assert await workers.check(successor) == {"session_revoked"}


async def test_5_replay_on_an_evicted_record(workers: Workers, person: Person) -> None:
    """A rebuild under way for want of the principal cannot bring an older generation back over an evicted record."""
    tokens = await workers.first.open(person)
    await workers.first.check(tokens)
    await workers.second.refresh(tokens)
    prefix = f"ha:{{{person.id.hex}}}"
    await workers.second.tell_redis("DEL", f"{prefix}:p")
    trap = workers.first.postgres.trap("reply", tokens.session.id.bytes)
    rebuild = asyncio.create_task(workers.first.check(tokens))
    await trap.caught()
    await workers.second.write_rotations()
    await workers.second.tell_redis("DEL", f"{prefix}:s:{tokens.session.id.hex}")
    trap.release()
    assert await rebuild == "alive"
    workers.advance(seconds=GRACE + 1)
    assert await workers.first.refresh_outcome(tokens) == "refresh_token_reused"


async def test_6_redis_emptied_right_after_a_refresh(workers: Workers, person: Person) -> None:
    """Before any batch was written, the current and the previous token both still get what they would have got."""
    tokens = await workers.first.open(person)
    successor = await workers.first.refresh(tokens)
    await workers.first.tell_redis("FLUSHALL")
    again = await workers.second.refresh(tokens)
    assert again.refresh_token == successor.refresh_token
    assert workers.first.token(await workers.second.refresh(successor)).generation == 2


async def test_6_current_token_first(workers: Workers, person: Person) -> None:
    """A token newer than what PostgreSQL knows is ours by its mac, and is taken."""
    tokens = await workers.first.open(person)
    successor = await workers.first.refresh(tokens)
    await workers.first.tell_redis("FLUSHALL")
    third = await workers.second.refresh(successor)
    assert workers.first.token(third).generation == 2
    assert (await workers.first.refresh(successor)).refresh_token == third.refresh_token
    assert await workers.check(third) == {"alive"}


async def test_5_replay_after_an_old_copy_came_back(
    module_database_url: str, start_redis: Callable[..., EmbeddedRedis]
) -> None:
    """Redis comes back with data from before a refresh and before a sign-out: neither is undone."""
    redis = start_redis()
    async with open_workers(module_database_url, redis.url) as workers:
        person = await workers.first.service.person()
        replayed, ended, kept = [await workers.first.open(person) for _ in range(3)]
        for tokens in (replayed, ended, kept):
            assert await workers.check(tokens) == {"alive"}
        await workers.first.tell_redis("SAVE")
        successor = await workers.first.refresh(replayed)
        kept = await workers.second.refresh(kept)
        for worker in workers:
            await worker.write_rotations()
        await workers.second.revoke(ended)
        # Without an append-only file it starts from the last SAVE.
        await asyncio.to_thread(redis.stop)
        assert await workers.first.check(kept) == "service_unavailable"
        await asyncio.to_thread(redis.start)
        # The old records are back; that of the ended session may have been buried anew by an outbox row still there.
        old = {"p", *(f"s:{tokens.session.id.hex}" for tokens in (replayed, kept))}
        assert old <= set(await workers.first.redis_keys(person))
        assert await workers.check(ended) == {"session_revoked"}
        assert await workers.check(kept) == {"alive"}
        workers.advance(seconds=GRACE + 1)
        assert await workers.second.refresh_outcome(replayed) == "refresh_token_reused"
        assert await workers.check(successor) == {"session_revoked"}
        assert await workers.second.refresh_outcome(kept) == "alive"


async def test_5_replay_after_an_old_append_only_file(
    module_database_url: str, start_redis: Callable[..., EmbeddedRedis]
) -> None:
    """The same with a copy of the append-only file put back, while the workers go on."""
    redis = start_redis(durable=True)
    file = redis.directory.path / "appendonly.aof"
    async with open_workers(module_database_url, redis.url) as workers:
        person = await workers.first.service.person()
        replayed, ended = [await workers.first.open(person) for _ in range(2)]
        for tokens in (replayed, ended):
            assert await workers.check(tokens) == {"alive"}
        old = file.read_bytes()
        await workers.first.refresh(replayed)
        await workers.first.write_rotations()
        await workers.first.revoke_all(person, keep=replayed)
        await asyncio.to_thread(redis.kill)
        file.write_bytes(old)
        await asyncio.to_thread(redis.start)
        assert await workers.check(ended) == {"session_revoked"}
        assert await workers.check(replayed) == {"alive"}
        workers.advance(seconds=GRACE + 1)
        assert await workers.second.refresh_outcome(replayed) == "refresh_token_reused"


async def test_a_rebuild_keeps_what_was_handed_out(workers: Workers, person: Person) -> None:
    """A rotation that only the record knows yet outlives the rebuild of that record."""
    tokens = await workers.first.open(person)
    await workers.first.check(tokens)
    await workers.first.service.services.upkeep.stop()
    try:
        third = await workers.first.refresh(await workers.first.refresh(tokens))
        await workers.second.tell_redis("DEL", f"ha:{{{person.id.hex}}}:p")
        assert await workers.second.check(third) == "alive"
        assert (await workers.second.row(tokens))["generation"] == 0
    finally:
        await workers.first.service.services.upkeep.start()
    # The oldest first: the newest would teach a forgetful record its generation again.
    assert await workers.second.refresh_outcome(tokens) == "refresh_token_reused"
