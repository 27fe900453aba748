"""The keys of the access tokens: one for all workers, sealed where they are kept."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker

from hybrid_auth.core.database import create_engine
from hybrid_auth.core.secretbox import CannotOpen, SecretBox
from hybrid_auth.sessions.signing_keys import SigningKeys
from tests.support.service import FixedClock
from tests.support.stores import query

SECRET = "s" * 43


async def test_workers_that_start_together_make_one_key(database_url: str) -> None:
    """Twenty first starts at once end with one key that all of them hold; wrong secrets are refused by name."""
    engine = create_engine(database_url)
    try:
        maker = async_sessionmaker(engine, expire_on_commit=False)
        workers = [SigningKeys(maker, SecretBox((SECRET,)), FixedClock()) for _ in range(20)]
        loaded = await asyncio.gather(*(worker.load() for worker in workers))
        assert len({key.key_id for keys in loaded for key in keys}) == 1
        assert len({key.public_jwk["x"] for keys in loaded for key in keys}) == 1
        assert await query(database_url, "SELECT count(*) FROM hybrid_auth_signing_keys") == [1]
        with pytest.raises(CannotOpen, match="not configured"):
            await SigningKeys(maker, SecretBox(("w" * 43,)), FixedClock()).load()
        rotated = await SigningKeys(maker, SecretBox(("w" * 43, SECRET)), FixedClock()).load()
        assert rotated[0].key_id == loaded[0][0].key_id
    finally:
        await engine.dispose()


async def test_a_key_moved_to_another_name_does_not_open(database_url: str) -> None:
    """Whoever can write the table cannot let one key pass for another."""
    engine = create_engine(database_url)
    try:
        keys = SigningKeys(async_sessionmaker(engine, expire_on_commit=False), SecretBox((SECRET,)), FixedClock())
        await keys.load()
        await query(database_url, "UPDATE hybrid_auth_signing_keys SET id = 'renamed'")
        with pytest.raises(CannotOpen, match="does not open"):
            await keys.load()
    finally:
        await engine.dispose()
