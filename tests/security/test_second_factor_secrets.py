"""What is kept of a second factor, and what becomes of it in another place."""

import base64
import json
from collections.abc import Awaitable, Iterable
from typing import cast
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from tests.support.service import Client, Person, Service
from tests.support.two_factor import (
    ACTIVATE,
    BY_RECOVERY_CODE,
    BY_TOTP,
    App,
    begin,
    first_step,
    recover,
    second_step,
    step_up,
    trusting,
    turn_on,
    with_app,
)

SWAP = """
UPDATE hybrid_auth_{table} a SET {column} = b.{column}
  FROM hybrid_auth_{table} b
 WHERE (a.user_id, b.user_id) IN ((:first, :second), (:second, :first))
"""


async def everything_in_postgres(service: Service) -> str:
    """Every row of every table of ours as text; binary columns in hex."""
    tables = await service.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    assert {"hybrid_auth_totp", "hybrid_auth_recovery_codes", "hybrid_auth_trusted_browsers"} <= {t for (t,) in tables}
    dump = [row for (table,) in tables for row in await service.rows(f'SELECT t::text FROM "{table}" t')]  # noqa: S608
    return "\n".join(text for (text,) in dump)


async def everything_in_redis(service: Service) -> str:
    """Every key and value."""
    found: list[object] = []
    async with service.redis() as redis:
        for key in await redis.keys("*"):
            kind = str(await redis.type(key))
            read = {"string": redis.get, "hash": redis.hgetall, "set": redis.smembers}.get(kind)
            asked = read(key) if read else redis.zrange(key, 0, -1)
            # redis-py types its commands for its blocking client as well.
            found.append((key, await cast("Awaitable[object]", asked)))
    return repr(found)


def forms_of(secret: bytes) -> Iterable[str]:
    """The ways in which bytes may stand in a text."""
    yield secret.hex()
    yield base64.b64encode(secret).decode().rstrip("=")
    yield base64.urlsafe_b64encode(secret).decode().rstrip("=")
    yield base64.b32encode(secret).decode().rstrip("=")


def secrets_of(*texts: str) -> set[str]:
    """Texts as they are, and as bytes in a text."""
    return {form for text in texts for form in (text, *forms_of(text.encode()))}


async def test_no_store_and_no_log_holds_a_secret(service: Service) -> None:
    """Of an app in force, one that waits, recovery codes, pending sign-ins and trusted browsers."""
    with capture_logs() as logs:
        person, browser, app = await trusting(service)
        waiting = await begin(service, browser)
        pending = await first_step(service.browser(), person)
        used = app.next_code()
        await step_up(browser, used)
        await recover(service.browser(), person, app.recovery_codes[0])
        await second_step(service.browser(), pending, app.wrong_code())
    jar = {cookie.name: cookie.value or "" for cookie in browser.http.cookies.jar}
    codes = app.recovery_codes
    hidden = secrets_of(pending, pending.removeprefix("mfa_"), jar["trusted"], browser.refresh_token or "")
    hidden |= secrets_of(*codes, *(code.replace("-", "") for code in codes), browser.access_token or "")
    for secret in (app.secret, waiting.secret):
        hidden |= {secret, *forms_of(base64.b32decode(secret)), *forms_of(secret.encode())}
    hidden |= {form for code in codes for form in forms_of(base64.b32decode(code.replace("-", "")))}
    postgres, redis, logged = await everything_in_postgres(service), await everything_in_redis(service), repr(logs)
    for name, text in (("PostgreSQL", postgres), ("Redis", redis), ("logs", logged)):
        assert not [secret for secret in hidden if secret.lower() in text.lower()], name
    assert str(person.id) in postgres
    assert person.id.hex in redis


async def _refused_without_a_word(client: Client, token: str, code: str, path: str = BY_TOTP) -> None:
    answer = await second_step(client, token, code, path)
    assert answer.status_code >= 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "set-cookie" not in answer.headers
    told = json.dumps(answer.json()).lower()
    assert not [word for word in ("seal", "open", "decrypt", "traceback", "invalidtag", "hybrid_auth.") if word in told]


async def _two(service: Service) -> list[tuple[Person, App]]:
    found = []
    for _ in range(2):
        person, _, app = await with_app(service)
        found.append((person, app))
    return found


async def test_a_secret_moved_to_another_person_does_not_open(service: Service) -> None:
    """Whoever can write rows but lacks the keys signs in as nobody: neither code is good for either of them."""
    people = await _two(service)
    (first, _), (second, _) = people
    swap = SWAP.format(table="totp", column="sealed_secret")
    await service.write(swap, first=first.id, second=second.id)
    service.clock.advance(seconds=30)
    client = service.native()
    for person, _ in people:
        for _, app in people:
            await _refused_without_a_word(client, await first_step(client, person), app.code())
    await service.write(swap, first=first.id, second=second.id)
    for person, app in people:
        assert (await second_step(client, await first_step(client, person), app.code())).status_code == 200


async def test_recovery_codes_moved_to_another_person_do_not_open(service: Service) -> None:
    """Neither digests and key together, nor the digests alone."""
    people = await _two(service)
    (first, _), (second, _) = people
    client = service.native()
    for column in ("digests", "sealed_key"):
        await service.write(SWAP.format(table="recovery_codes", column=column), first=first.id, second=second.id)
        for person, _ in people:
            for _, app in people:
                token = await first_step(client, person)
                await _refused_without_a_word(client, token, app.recovery_codes[0], BY_RECOVERY_CODE)
    assert (await _left(service, first.id), await _left(service, second.id)) == (10, 10)


async def _left(service: Service, user_id: UUID) -> int:
    [(left,)] = await service.rows(
        "SELECT cardinality(digests) FROM hybrid_auth_recovery_codes WHERE user_id = :id", id=user_id
    )
    return int(left)


async def test_a_secret_moved_to_another_app_of_the_same_person_does_not_open(service: Service) -> None:
    """One that was replaced, put back from an old copy."""
    person, client = await service.signed_in()
    old = await turn_on(service, client)
    [(sealed,)] = await service.rows("SELECT sealed_secret FROM hybrid_auth_totp WHERE user_id = :id", id=person.id)
    await turn_on(service, client)
    restore = "UPDATE hybrid_auth_totp SET sealed_secret = :sealed WHERE user_id = :id"
    await service.write(restore, sealed=sealed, id=person.id)
    native = service.native()
    token = await first_step(native, person)
    await _refused_without_a_word(native, token, old.next_code())


async def test_a_secret_put_into_an_app_that_waits_does_not_open(service: Service) -> None:
    """Nor is anything put in force by it."""
    person, client = await service.signed_in()
    other, _, theirs = await with_app(service)
    await begin(service, client)
    copy = "UPDATE hybrid_auth_totp a SET sealed_secret = b.sealed_secret FROM hybrid_auth_totp b"
    await service.write(f"{copy} WHERE a.user_id = :id AND b.user_id = :other", other=other.id, id=person.id)
    assert (await client.post(ACTIVATE, {"code": theirs.next_code()})).status_code >= 400
    assert (await client.get("/auth/me")).json()["totp_enabled"] is False


async def test_nothing_of_the_second_factor_outlives_the_account(service: Service) -> None:
    """Rows, pending codes and the count of failures go with the person; the tombstones of their sessions stay."""
    person, browser, app = await trusting(service)
    await begin(service, browser)
    await second_step(service.browser(), await first_step(service.browser(), person), app.wrong_code())
    assert [key for key in await service.redis_keys(person) if ":failures:" in key]
    assert (await browser.delete("/auth/me")).status_code == 204
    for table in ("totp", "recovery_codes", "trusted_browsers"):
        statement = f"SELECT 1 FROM hybrid_auth_{table} WHERE user_id = :id"  # noqa: S608
        assert await service.rows(statement, id=person.id) == []
    assert not [key for key in await service.redis_keys(person) if ":failures:" in key]


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\x02" + bytes(60), bytes(200)])
async def test_a_broken_row_lets_nobody_in(service: Service, broken: bytes) -> None:
    """Truncated, of another version, of a key nobody has."""
    person, _, app = await with_app(service)
    await service.write(
        "UPDATE hybrid_auth_totp SET sealed_secret = :broken WHERE user_id = :id", broken=broken, id=person.id
    )
    client = service.native()
    token = await first_step(client, person)
    await _refused_without_a_word(client, token, app.next_code())
    assert (await recover(client, person, app.recovery_codes[0])).status_code == 200
