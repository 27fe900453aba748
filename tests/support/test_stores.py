"""The fixtures themselves."""

from redis import Redis

from tests.support.stores import Databases, query


async def test_each_test_gets_a_database_of_its_own(databases: Databases, database_url: str) -> None:
    """What is written in one is not in the next, and dropping works with a connection open."""
    await query(database_url, "CREATE TABLE only_here ()")
    other = databases.create()
    assert await query(other, "SELECT to_regclass('only_here')") == [None]
    databases.drop(other)


def test_redis_is_empty(redis_url: str) -> None:
    """Every test starts on an empty Redis."""
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
