"""Writing refreshes behind, and carrying the outbox: nothing waits longer than a round, nothing is lost."""

from datetime import timedelta
from uuid import uuid4

import pytest

from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import Unavailable
from hybrid_auth.sessions import upkeep as upkeep_module
from hybrid_auth.sessions.outbox import Outbox
from hybrid_auth.sessions.redis_sessions import RedisSessions
from hybrid_auth.sessions.repository import Rotation, SessionRows
from hybrid_auth.sessions.service import Tokens
from hybrid_auth.sessions.upkeep import Upkeep
from tests.support.service import Person
from tests.support.workers import Worker, Workers, eventually, outcome


async def generation(worker: Worker, tokens: Tokens) -> int:
    return int((await worker.row(tokens))["generation"])


def separate(worker: Worker) -> tuple[Upkeep, Outbox]:
    """An upkeep beside the worker's own, whose rounds a test takes itself."""
    config = worker.service.services.config
    redis = RedisSessions(config.redis)
    outbox = Outbox(config.session_maker, redis)
    return Upkeep(config.session_maker, redis, outbox), outbox


def rotation(tokens: Tokens, number: int) -> Rotation:
    session = tokens.session
    return Rotation(session.user_id, session.id, number, session.rotated_at + timedelta(seconds=number))


async def test_a_refresh_reaches_postgresql_within_a_round(workers: Workers, person: Person) -> None:
    """The generation and the time of the rotation are written within a second or so, without being asked for."""
    tokens = await workers.first.refresh(await workers.first.open(person))
    await eventually(lambda: generation(workers.second, tokens), 1, within=2)
    assert (await workers.second.row(tokens))["rotated_at"] == tokens.session.rotated_at


async def test_stop_drains(workers: Workers, person: Person) -> None:
    """What is queued when a worker is told to stop is written, and confirmed in Redis."""
    tokens = await workers.first.open(person)
    upkeep, _ = separate(workers.first)
    await upkeep.start()
    upkeep.rotated(rotation(tokens, 4))
    await upkeep.stop()
    assert await generation(workers.first, tokens) == 4


async def test_stop_in_the_middle_of_a_batch(workers: Workers, person: Person) -> None:
    """A stop between the write to PostgreSQL and the confirmation in Redis still confirms."""
    tokens = await workers.first.open(person)
    await workers.first.check(tokens)
    upkeep, _ = separate(workers.first)
    upkeep.rotated(rotation(tokens, 4))
    trap = workers.first.redis.trap("request", tokens.session.id.hex.encode())
    await upkeep.start()
    await trap.caught()
    await upkeep.stop()
    trap.release()
    assert await generation(workers.first, tokens) == 4
    # The record in Redis knows it: for it the first token is long superseded.
    assert await workers.second.refresh_outcome(tokens) == "refresh_token_reused"


async def test_postgresql_away_during_a_batch(workers: Workers, person: Person) -> None:
    """A batch that cannot be written waits, gathers newer refreshes, and is written when PostgreSQL is back."""
    tokens = await workers.first.open(person)
    upkeep, _ = separate(workers.first)
    upkeep.rotated(rotation(tokens, 1))
    with workers.first.postgres.away():
        with pytest.raises(Unavailable):
            await upkeep.write_rotations()
        upkeep.rotated(rotation(tokens, 2))
        with pytest.raises(Unavailable):
            await upkeep.write_rotations()
    await upkeep.write_rotations()
    assert await generation(workers.second, tokens) == 2


async def test_refreshing_while_postgresql_is_away(workers: Workers, person: Person) -> None:
    """What Redis knows is checked and refreshed without PostgreSQL; what it does not know is 503, not 401."""
    known, unknown = await workers.first.open(person), await workers.first.open(person)
    await workers.first.check(known)
    with workers.first.postgres.away():
        assert await workers.first.check(known) == "alive"
        known = await workers.first.refresh(known)
        assert await workers.first.check(unknown) == "service_unavailable"
        assert await workers.first.refresh_outcome(unknown) == "service_unavailable"
        assert await outcome(workers.first.revoke(known)) == "service_unavailable"
        assert await workers.check(known) == {"session_revoked"}
    assert await workers.check(unknown) == {"alive"}


async def test_a_generation_never_goes_back(workers: Workers, person: Person) -> None:
    """Batches of two workers may come in any order; the greater generation stays, with its own time."""
    tokens = await workers.first.open(person)
    for worker, number in ((workers.first, 5), (workers.second, 3)):
        async with worker.service.transaction() as transaction:
            await SessionRows(transaction).raise_generations([rotation(tokens, number)])
    row = await workers.first.row(tokens)
    assert (row["generation"], row["rotated_at"]) == (5, rotation(tokens, 5).rotated_at)


async def test_many_refreshes_wait(workers: Workers, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """More refreshes than one statement takes, as after an outage, are written in several."""
    opened = [await workers.first.open(person) for _ in range(5)]
    monkeypatch.setattr(upkeep_module, "BATCH", 2)
    upkeep, _ = separate(workers.first)
    for tokens in opened:
        upkeep.rotated(rotation(tokens, 7))
    await upkeep.write_rotations()
    assert [await generation(workers.first, tokens) for tokens in opened] == [7] * 5


async def test_a_full_batch_fits_one_statement(workers: Workers) -> None:
    """PostgreSQL takes a batch of the greatest size; sessions that are gone do not hurt it."""
    batch = [Rotation(uuid4(), uuid4(), 1, workers.first.service.clock.now()) for _ in range(upkeep_module.BATCH)]
    async with workers.first.service.transaction() as transaction:
        await SessionRows(transaction).raise_generations(batch)


async def test_confirmation_without_redis_goes_by_the_outbox(workers: Workers, person: Person) -> None:
    """With Redis away after the write, a row tells any worker to confirm: a lagging record is raised by it."""
    tokens = await workers.first.open(person)
    await workers.second.check(tokens)
    upkeep, _ = separate(workers.first)
    upkeep.rotated(rotation(tokens, 3))
    with workers.first.redis.away():
        await upkeep.write_rotations()
    _, outbox = separate(workers.second)

    async def decided() -> str:
        await outbox.poll()
        return await workers.second.refresh_outcome(tokens)

    await eventually(decided, "refresh_token_reused", within=2)


async def test_another_worker_applies_a_stray_row(workers: Workers, person: Person) -> None:
    """A change whose worker never told Redis is applied by whoever polls, once, and its row goes."""
    tokens = await workers.first.open(person)
    assert await workers.check(tokens) == {"alive"}
    config = workers.first.service.services.config
    async with Transaction(config.session_maker) as transaction:
        _, outbox = separate(workers.first)
        await outbox.add(transaction, user_id=person.id, session_id=tokens.session.id, revoked=True)
    await eventually(lambda: workers.second.check(tokens), "session_revoked", within=2)
    left = "SELECT count(*) FROM hybrid_auth_session_outbox WHERE user_id = :id"

    async def rows() -> list[tuple[object, ...]]:
        return list(await workers.second.service.rows(left, id=person.id))

    await eventually(rows, [(0,)], within=2)


async def test_settled_rows_are_forgotten(workers: Workers, person: Person) -> None:
    """Rows applied by their own request are deleted without a second application, and nothing of them is kept."""
    outbox = workers.first.service.services.sessions._outbox
    for _ in range(10):
        await workers.first.revoke(await workers.first.open(person))

    async def kept() -> set[int]:
        await outbox.poll()
        return set(outbox._applied)

    await eventually(kept, set(), within=3)
