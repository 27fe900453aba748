"""`keys rotate`: everything sealed is sealed anew, beside a running service."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hybrid_auth.core.secretbox import SecretBox
from hybrid_auth.embedded.redis import EmbeddedRedis
from hybrid_auth.rotation import BATCH, SEALED, count_old, reseal
from tests.cli.test_commands import run
from tests.support.service import SECRET_KEY, Service, open_service
from tests.support.stores import Databases
from tests.support.two_factor import first_step, sign_in_with_app, with_app

NEW_KEY = "another-suite-key-9876543210-zyxwvuts"
RING = f"{NEW_KEY},{SECRET_KEY}"


@asynccontextmanager
async def service_under(
    keys: str, database_url: str, redis: EmbeddedRedis, *, after: Service | None = None
) -> AsyncIterator[Service]:
    """A service with these secret keys; its clock goes on where that of the one `after` which it comes stopped."""
    async with open_service(database_url, redis.url, secret_keys=keys) as service:
        if after is not None:
            service.clock.advance(seconds=(after.clock.now() - service.clock.now()).total_seconds())
        yield service


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    url = databases.create()
    yield url
    databases.drop(url)


async def test_rotation_beside_sign_ins_loses_none(
    database_url: str, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    """While it runs people sign in with both keys configured; afterwards with the new one alone."""
    async with service_under(SECRET_KEY, database_url, redis_server) as before:
        people = [await with_app(before) for _ in range(6)]
    async with service_under(RING, database_url, redis_server, after=before) as during:
        turns, done = 0, asyncio.Event()

        async def sign_in_again_and_again() -> None:
            nonlocal turns
            while not done.is_set() or turns < len(people):
                person, _, app = people[turns % len(people)]
                app.service = during
                await sign_in_with_app(during.browser(), person, app)
                turns += 1

        load = asyncio.create_task(sign_in_again_and_again())
        env = {"HYBRID_AUTH_DATABASE_URL": database_url, "HYBRID_AUTH_SECRET_KEYS": RING}
        rotated = await asyncio.to_thread(run, "keys", "rotate", cwd=tmp_path, env=env)
        done.set()
        await load
        assert rotated.returncode == 0, rotated.stderr
        assert "Nothing is sealed with an older key any more." in rotated.stdout
        new_alone = SecretBox([NEW_KEY])
        assert await count_old(during.services.config.session_maker, new_alone) == 0
    async with service_under(NEW_KEY, database_url, redis_server, after=during) as after:
        for person, _, app in people:
            app.service = after
            await sign_in_with_app(after.browser(), person, app)
            browser = after.browser()
            body = {"mfa_token": await first_step(browser, person), "code": app.recovery_codes[0]}
            assert (await browser.post("/auth/login/recovery-code", body)).status_code == 200


async def test_rotation_goes_on_where_it_was_stopped(database_url: str, redis_server: EmbeddedRedis) -> None:
    """Stopped after its first batch, the next run brings the rest and nothing twice."""
    async with service_under(SECRET_KEY, database_url, redis_server) as service:
        await with_app(service)
        maker, ring = service.services.config.session_maker, SecretBox([NEW_KEY, SECRET_KEY])
        old = await count_old(maker, ring)
        assert old >= 3

        class Stopped(Exception):
            pass

        def stop(count: int) -> None:
            raise Stopped(count)

        with pytest.raises(Stopped) as first:
            await reseal(maker, ring, progress=stop)
        [brought] = first.value.args
        assert await count_old(maker, ring) == old - brought
        rest = await reseal(maker, ring, progress=lambda count: None)
        assert (rest.done, rest.unreadable) == (old - brought, 0)
        assert (await reseal(maker, ring, progress=lambda count: None)).done == 0


async def test_more_than_one_batch(database_url: str, redis_server: EmbeddedRedis) -> None:
    """Every row of a table that is longer than a batch."""
    async with service_under(SECRET_KEY, database_url, redis_server) as service:
        maker = service.services.config.session_maker
        old, ring = SecretBox([SECRET_KEY]), SecretBox([NEW_KEY, SECRET_KEY])
        people = [await service.person() for _ in range(BATCH + 5)]
        for person in people:
            sealed = old.seal(b"k" * 32, context=f"recovery_codes:{person.id}")
            await service.write(
                "INSERT INTO hybrid_auth_recovery_codes VALUES (:id, :sealed, '{}', now())", id=person.id, sealed=sealed
            )
        counts: list[int] = []
        assert (await reseal(maker, ring, progress=counts.append)).done == sum(counts)
        assert max(counts) == BATCH
        assert await count_old(maker, ring) == 0


async def test_values_of_a_lost_key_are_told_and_left(
    database_url: str, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    """Without the old key behind the new one nothing is changed, and the exit code says so."""
    async with service_under(SECRET_KEY, database_url, redis_server) as service:
        person, _, app = await with_app(service)
        env = {"HYBRID_AUTH_DATABASE_URL": database_url, "HYBRID_AUTH_SECRET_KEYS": NEW_KEY}
        lost = await asyncio.to_thread(run, "keys", "rotate", cwd=tmp_path, env=env)
        assert lost.returncode == 1
        assert "open with none of the configured keys" in lost.stderr
        await sign_in_with_app(service.browser(), person, app)


def test_rotate_says_what_is_missing(tmp_path: Path) -> None:
    """No key, no database, no answer: one sentence each, exit code 1."""
    unset = run("keys", "rotate", cwd=tmp_path)
    assert unset.returncode == 1
    assert "HYBRID_AUTH_SECRET_KEYS" in unset.stderr
    homeless = run("keys", "rotate", cwd=tmp_path, env={"HYBRID_AUTH_SECRET_KEYS": NEW_KEY})
    assert homeless.returncode == 1
    assert "HYBRID_AUTH_DATABASE_URL" in homeless.stderr


async def test_every_sealed_column_is_known(database_url: str, redis_server: EmbeddedRedis) -> None:
    """A table that gets a sealed column and is forgotten here would keep the old key alive for ever."""
    async with service_under(SECRET_KEY, database_url, redis_server) as service:
        columns = await service.rows(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_name LIKE 'hybrid_auth_%' AND column_name LIKE 'sealed%'"
        )
        assert {(at.value.class_.__tablename__, at.value.key) for at in SEALED} == set(columns)
