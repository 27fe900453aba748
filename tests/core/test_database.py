"""One request's transaction, and what is done when it is over."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import async_sessionmaker

from hybrid_auth.core.database import SessionMaker, Transaction, create_engine
from hybrid_auth.core.errors import Unavailable
from tests.support.proxy import Proxy, postgres_proxy
from tests.support.stores import query

COUNT = "SELECT count(*) FROM notes"


@pytest.fixture
async def proxied(database_url: str) -> AsyncIterator[tuple[Proxy, SessionMaker]]:
    """A database behind a proxy."""
    await query(database_url, "CREATE TABLE notes (note text PRIMARY KEY)")
    async with postgres_proxy(database_url) as (proxy, url):
        engine = create_engine(url)
        yield proxy, async_sessionmaker(engine, expire_on_commit=False)
        await engine.dispose()


def watch(transaction: Transaction, seen: list[str]) -> None:
    """Note which effects run, in order."""
    for number in (1, 2):

        async def committed(number: int = number) -> None:
            seen.append(f"commit {number}")

        async def doubted(number: int = number) -> None:
            seen.append(f"doubt {number}")

        transaction.after_commit(committed)
        transaction.after_doubt(doubted)


async def test_after_the_commit(proxied: tuple[Proxy, SessionMaker], database_url: str) -> None:
    """Effects run in the order they were registered, once the row is there for all to see."""
    seen: list[Any] = []
    async with Transaction(proxied[1]) as transaction:
        assert await transaction.write(text("INSERT INTO notes VALUES ('a')")) == 1

        async def look() -> None:
            seen.extend(await query(database_url, COUNT))

        transaction.after_commit(look)
        watch(transaction, seen)
        assert seen == []
    assert seen == [1, "commit 1", "commit 2"]


async def test_after_an_error(proxied: tuple[Proxy, SessionMaker], database_url: str) -> None:
    """An error rolls back, and runs nothing."""
    seen: list[str] = []

    async def work() -> None:
        async with Transaction(proxied[1]) as transaction:
            watch(transaction, seen)
            await transaction.execute(text("INSERT INTO notes VALUES ('a')"))
            raise LookupError

    with pytest.raises(LookupError):
        await work()
    assert seen == []
    assert await query(database_url, COUNT) == [0]


@pytest.mark.parametrize(("what", "rows"), [("request", 0), ("answer", 1)])
async def test_a_commit_in_doubt(proxied: tuple[Proxy, SessionMaker], database_url: str, what: Any, rows: int) -> None:
    """Cut at the COMMIT, before or after PostgreSQL had it, nobody can tell: Unavailable, and the effects of doubt."""
    proxy, maker = proxied
    seen: list[str] = []

    async def work() -> None:
        async with Transaction(maker) as transaction:
            watch(transaction, seen)
            await transaction.execute(text("INSERT INTO notes VALUES ('a')"))

    trap = proxy.trap(what, b"COMMIT")
    task = asyncio.create_task(work())
    await trap.caught()
    trap.cut()
    with pytest.raises(Unavailable):
        await task
    assert seen == ["doubt 1", "doubt 2"]
    assert await query(database_url, COUNT) == [rows]
    async with Transaction(maker) as transaction:
        assert (await transaction.execute(text(COUNT))).scalar_one() == rows


async def test_a_cancelled_commit(proxied: tuple[Proxy, SessionMaker]) -> None:
    """A request that is cancelled while it commits is in doubt too."""
    proxy, maker = proxied
    seen: list[str] = []

    async def work() -> None:
        async with Transaction(maker) as transaction:
            watch(transaction, seen)
            await transaction.execute(text("INSERT INTO notes VALUES ('a')"))

    trap = proxy.trap("answer", b"COMMIT")
    task = asyncio.create_task(work())
    await trap.caught()
    task.cancel()
    trap.release()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["doubt 1", "doubt 2"]


async def test_outages(proxied: tuple[Proxy, SessionMaker], database_url: str) -> None:
    """A server that cannot be reached, or ends the connection, is Unavailable; the next transaction gets another."""
    proxy, maker = proxied
    with proxy.away():
        for _ in range(2):
            with pytest.raises(Unavailable):
                async with Transaction(maker) as transaction:
                    await transaction.execute(text(COUNT))
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

    async def work() -> None:
        async with Transaction(maker) as transaction:
            await transaction.execute(text(COUNT))
            await query(database_url, f"SELECT pg_terminate_backend(pid) {others}")
            await transaction.execute(text(COUNT))

    with pytest.raises(Unavailable):
        await work()
    async with Transaction(maker) as transaction:
        assert (await transaction.execute(text(COUNT))).scalar_one() == 0


async def test_a_deadlock_is_an_outage(proxied: tuple[Proxy, SessionMaker], database_url: str) -> None:
    """Of two transactions that wait for each other one is ended by PostgreSQL: trying again helps."""
    await query(database_url, "INSERT INTO notes VALUES ('a'), ('b')")
    meeting = asyncio.Barrier(2)

    async def work(first: str, second: str) -> str:
        async with Transaction(proxied[1]) as transaction:
            for note in (first, second):
                await transaction.execute(text("SELECT 1 FROM notes WHERE note = :note FOR UPDATE"), {"note": note})
                if note == first:
                    await meeting.wait()
        return "done"

    ended = await asyncio.gather(work("a", "b"), work("b", "a"), return_exceptions=True)
    assert "done" in ended
    assert any(isinstance(one, Unavailable) for one in ended)


async def test_a_mistake_is_no_outage(proxied: tuple[Proxy, SessionMaker]) -> None:
    """A wrong statement or a broken constraint is told as it is."""
    for statement in ("SELECT nothing_there", "INSERT INTO notes VALUES (NULL)"):
        with pytest.raises(DBAPIError):
            async with Transaction(proxied[1]) as transaction:
                await transaction.execute(text(statement))


async def test_release(proxied: tuple[Proxy, SessionMaker]) -> None:
    """A released transaction holds no connection, and goes on with a new one."""
    engine = proxied[1].kw["bind"]
    async with Transaction(proxied[1]) as transaction:
        await transaction.execute(text(COUNT))
        assert engine.pool.checkedout() == 1
        await transaction.release()
        assert engine.pool.checkedout() == 0
        assert (await transaction.execute(text(COUNT))).scalar_one() == 0
