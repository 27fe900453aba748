"""The tests of the session protocol that catch a wrong implementation, by their numbers there."""

import asyncio

import pytest

from hybrid_auth.core.errors import Unavailable
from tests.support.service import OTHER_PASSWORD, Person
from tests.support.stores import query
from tests.support.workers import Workers, eventually, outcome

GRACE = 20


async def test_1_revoked_while_a_rebuild_waits(workers: Workers, person: Person) -> None:
    """A rebuild that read PostgreSQL before a revocation neither answers nor writes after it, Redis emptied or not."""
    tokens = await workers.second.open(person)
    trap = workers.first.postgres.trap("reply", tokens.session.id.bytes)
    rebuild = asyncio.create_task(workers.first.check(tokens))
    await trap.caught()
    await workers.second.revoke(tokens)
    await workers.second.tell_redis("FLUSHALL")
    trap.release()
    assert await rebuild == "session_revoked"
    assert await workers.check(tokens) == {"session_revoked"}
    assert await workers.second.refresh_outcome(tokens) == "invalid_refresh_token"


@pytest.mark.parametrize("held", ["session", "principal"])
async def test_1_person_revoked_while_a_rebuild_waits(workers: Workers, person: Person, held: str) -> None:
    """The same for "sign out everywhere", whichever of the two things a rebuild reads was read before it."""
    tokens = await workers.second.open(person)
    trap = workers.first.postgres.trap("reply", tokens.session.id.bytes if held == "session" else person.email.encode())
    rebuild = asyncio.create_task(workers.first.check(tokens))
    await trap.caught()
    await workers.second.revoke_all(person)
    trap.release()
    assert await rebuild == "session_revoked"
    assert await workers.check(tokens) == {"session_revoked"}


@pytest.mark.parametrize("what", ["request", "answer"])
async def test_2_redis_emptied_while_a_sign_out_commits(workers: Workers, person: Person, what: str) -> None:
    """A check between, or beside, the COMMIT of a sign-out and its tombstone leaves nothing that outlives it."""
    tokens = await workers.second.open(person)
    assert await workers.check(tokens) == {"alive"}
    trap = workers.first.postgres.trap(
        "request" if what == "request" else "answer", b"COMMIT", after=tokens.session.id.bytes
    )
    sign_out = asyncio.create_task(workers.first.revoke(tokens))
    await trap.caught()
    await workers.second.tell_redis("FLUSHALL")
    between = await workers.second.check(tokens)
    assert between == ("alive" if what == "request" else "session_revoked")
    trap.release()
    await sign_out
    assert await workers.check(tokens) == {"session_revoked"}
    await workers.second.tell_redis("FLUSHALL")
    assert await workers.check(tokens) == {"session_revoked"}


async def test_12_signed_out_everywhere_while_hashing(workers: Workers, person: Person) -> None:
    """A login whose password was read before "sign out everywhere" opens nothing after it."""
    tokens = await workers.second.open(person)
    trap = workers.first.postgres.trap("reply", person.id.bytes)
    client = workers.first.service.native()
    login = asyncio.create_task(client.post("/auth/login", {**person.credentials, "client": "native"}))
    await trap.caught()
    assert await workers.second.revoke_all(person) == 1
    trap.release()
    assert (await login).json()["code"] == "invalid_credentials"
    assert await workers.check(tokens) == {"session_revoked"}


async def test_12_password_changed_while_hashing(workers: Workers, person: Person) -> None:
    """A login with the old password that was still hashing ends with the change; the one who changed it stays in."""
    _, owner = await workers.second.service.signed_in(person, native=True)
    trap = workers.first.postgres.trap("reply", person.id.bytes)
    client = workers.first.service.native()
    login = asyncio.create_task(client.post("/auth/login", {**person.credentials, "client": "native"}))
    await trap.caught()
    change = {"current_password": person.password, "new_password": OTHER_PASSWORD}
    assert (await owner.post("/auth/password/change", change)).status_code == 204
    trap.release()
    assert (await login).json()["code"] == "invalid_credentials"
    assert await owner.is_signed_in()
    assert (await owner.refresh()).status_code == 200


async def test_12_session_of_a_stale_proof_is_dead(workers: Workers, person: Person) -> None:
    """Even where its row was inserted past the look at the epoch, such a session is dead in both stores."""
    trap = workers.first.postgres.trap("request", b"COMMIT", after=person.id.bytes)
    login = asyncio.create_task(workers.first.open(person))
    await trap.caught()
    await workers.second.revoke_all(person)
    trap.release()
    assert await workers.check(await login) == {"session_revoked"}
    assert await workers.second.refresh_outcome(await login) == "invalid_refresh_token"


@pytest.mark.parametrize("what", ["request", "answer"])
async def test_13_failed_commit_of_a_login(workers: Workers, person: Person, what: str) -> None:
    """A login whose COMMIT fails, or is in doubt, answers 503 without a token and leaves no session key in Redis."""
    trap = workers.first.postgres.trap("request" if what == "request" else "answer", b"COMMIT", after=person.id.bytes)
    client = workers.first.service.browser()
    login = asyncio.create_task(client.post("/auth/login", person.credentials))
    await trap.caught()
    trap.cut()
    answer = await login
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers
    assert await workers.first.redis_keys(person) == []


@pytest.mark.parametrize("what", ["request", "answer"])
async def test_commit_of_a_sign_out_fails(workers: Workers, person: Person, what: str) -> None:
    """A sign-out whose COMMIT fails, or is in doubt, answers 503, and the session is dead all the same."""
    tokens = await workers.first.open(person)
    assert await workers.check(tokens) == {"alive"}
    trap = workers.first.postgres.trap(
        "request" if what == "request" else "answer", b"COMMIT", after=tokens.session.id.bytes
    )
    sign_out = asyncio.create_task(workers.first.revoke(tokens))
    await trap.caught()
    trap.cut()
    with pytest.raises(Unavailable):
        await sign_out
    assert await workers.check(tokens) == {"session_revoked"}
    assert await workers.second.refresh_outcome(tokens) == "invalid_refresh_token"


async def test_15_redis_unreachable_is_no_sign_out(workers: Workers, person: Person) -> None:
    """A worker without Redis says 503 and clears no cookie; the session goes on when it is back."""
    _, browser = await workers.first.service.signed_in(person)
    with workers.first.redis.away():
        refused = [await browser.get("/auth/me"), await browser.refresh()]
    assert [answer.status_code for answer in refused] == [503, 503]
    assert all("set-cookie" not in answer.headers and "retry-after" in answer.headers for answer in refused)
    assert await browser.is_signed_in()
    assert (await browser.refresh()).status_code == 200


async def test_16_one_command_for_a_check(workers: Workers, person: Person) -> None:
    """A check or a refresh of a session that Redis has costs one command and no statement."""
    worker = workers.first
    tokens = await worker.open(person)
    # Redis knows the session and the scripts; nothing but the calls below talks to it.
    assert await worker.refresh_outcome(tokens) == "alive"
    await worker.service.services.upkeep.stop()
    try:
        for act in (worker.check, worker.refresh_outcome):
            commands = worker.redis.requests
            with worker.service.counting() as work:
                assert await act(tokens) == "alive"
            assert worker.redis.requests == commands + 1
            assert work.statements == []
    finally:
        await worker.service.services.upkeep.start()


async def test_3_revoked_on_a_worker_without_redis(workers: Workers, module_database_url: str, person: Person) -> None:
    """A sign-out on a worker cut from Redis is committed, answers 503 for now, and the other carries it over."""
    tokens = await workers.first.open(person)
    assert await workers.check(tokens) == {"alive"}
    with workers.first.redis.away():
        assert await outcome(workers.first.revoke(tokens)) == "service_unavailable"
        assert (await workers.second.row(tokens))["revoked_at"] is not None
        await eventually(lambda: workers.second.check(tokens), "session_revoked", within=2)
    assert await workers.check(tokens) == {"session_revoked"}
    left = f"SELECT 1 FROM hybrid_auth_session_outbox WHERE user_id = '{person.id}'"  # noqa: S608 - a UUID
    await eventually(lambda: query(module_database_url, left), [], within=2)
