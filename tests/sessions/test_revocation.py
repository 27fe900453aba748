"""Ending sessions: seen by every worker at once, long before any token expires."""

import asyncio

from hybrid_auth.core.principal import Proof
from hybrid_auth.sessions.redis_sessions import TOMBSTONE_LIFE
from tests.support.service import OTHER_PASSWORD, Person
from tests.support.workers import Workers, eventually, outcome


async def test_logout_all_ends_every_client(workers: Workers, person: Person) -> None:
    """After "sign out everywhere" the very next request of every client is 401, on both workers."""
    clients = []
    for worker in workers:
        for native in (False, True):
            clients.append((await worker.service.signed_in(person, native=native))[1])
    assert all([await client.is_signed_in() for client in clients])
    answer = await clients[0].post("/auth/logout-all")
    assert answer.json() == {"revoked_sessions": 4}
    for client in clients:
        assert (await client.get("/auth/me")).json()["code"] == "session_revoked"
        assert (await client.refresh()).json()["code"] == "invalid_refresh_token"


async def test_logout_is_seen_by_the_other_worker(workers: Workers, person: Person) -> None:
    """A sign-out is in force when it is answered."""
    _, browser = await workers.first.service.signed_in(person)
    elsewhere = workers.second.service.native()
    elsewhere.access_token = browser.access_token
    assert await elsewhere.is_signed_in()
    assert (await browser.post("/auth/logout")).status_code == 204
    assert (await elsewhere.get("/auth/me")).json()["code"] == "session_revoked"
    assert not await browser.is_signed_in()


async def test_others_end_and_this_one_stays(workers: Workers, person: Person) -> None:
    """Signing out "everywhere but here" keeps this session whole: access token, refresh token, generation."""
    kept = await workers.first.refresh(await workers.first.open(person))
    others = [await workers.second.open(person) for _ in range(3)]
    assert await workers.check(others[0]) == {"alive"}
    assert await workers.first.revoke_all(person, keep=kept) == 3
    assert await workers.check(kept) == {"alive"}
    for tokens in others:
        assert await workers.check(tokens) == {"session_revoked"}
        assert await workers.second.refresh_outcome(tokens) == "invalid_refresh_token"
    assert workers.first.token(await workers.second.refresh(kept)).generation == 2
    assert (await workers.first.row(kept))["user_epoch"] == 1


async def test_password_change(workers: Workers, person: Person) -> None:
    """A password change ends every other session; this one goes on, its unwritten rotation not lost."""
    _, owner = await workers.first.service.signed_in(person, native=True)
    _, other = await workers.second.service.signed_in(person)
    assert (await owner.refresh()).status_code == 200
    before = owner.refresh_token
    change = {"current_password": person.password, "new_password": OTHER_PASSWORD}
    assert (await owner.post("/auth/password/change", change)).status_code == 204
    assert await owner.is_signed_in()
    assert (await other.get("/auth/me")).json()["code"] == "session_revoked"
    assert (await owner.refresh()).status_code == 200
    token = workers.first.sessions.read_refresh_token(owner.refresh_token or "")
    earlier = workers.first.sessions.read_refresh_token(before or "")
    assert token is not None
    assert earlier is not None
    assert token.generation == earlier.generation + 1 == 2


async def test_a_session_of_an_older_epoch_is_never_kept(workers: Workers, person: Person) -> None:
    """To "keep this one" cannot bring back a session that a step of the person's epoch had ended already."""
    trap = workers.first.postgres.trap("request", b"COMMIT", after=person.id.bytes)
    login = asyncio.create_task(workers.first.open(person))
    await trap.caught()
    await workers.second.revoke_all(person)
    trap.release()
    stale = await login
    await workers.second.revoke_all(person, keep=stale)
    assert await workers.check(stale) == {"session_revoked"}


async def test_reauthentication(workers: Workers, person: Person) -> None:
    """A fresh proof shows on every worker at the next look, and the generation in force stays the same."""
    _, client = await workers.first.service.signed_in(person, native=True)
    assert (await client.refresh()).status_code == 200
    token = client.refresh_token
    workers.advance(minutes=4)
    answer = await client.post("/auth/reauthenticate", {"method": "password", "password": person.password})
    assert answer.status_code == 200
    elsewhere = workers.second.service.native()
    elsewhere.access_token, elsewhere.refresh_token = answer.json()["access_token"], token
    session = (await elsewhere.get("/auth/me")).json()["session"]
    now = workers.first.service.clock.now()
    assert session["authenticated_at"] == now.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    assert (await elsewhere.refresh()).status_code == 200


async def test_a_change_of_the_person_shows_everywhere(workers: Workers, person: Person) -> None:
    """A new name is seen by the other worker at its next request."""
    _, client = await workers.first.service.signed_in(person)
    elsewhere = workers.second.service.native()
    elsewhere.access_token = client.access_token
    assert (await elsewhere.get("/auth/me")).json()["display_name"] == "Kim Test"
    assert (await client.patch("/auth/me", {"display_name": "Kim Other"})).status_code == 200
    assert (await elsewhere.get("/auth/me")).json()["display_name"] == "Kim Other"


async def test_disabled_person(workers: Workers, person: Person) -> None:
    """Disabling an account ends its sessions in both stores."""
    tokens = await workers.first.open(person)
    assert await workers.check(tokens) == {"alive"}
    await workers.first.service.disable(person)
    assert await workers.check(tokens) == {"session_revoked"}
    await workers.first.tell_redis("FLUSHALL")
    assert await workers.check(tokens) == {"session_revoked"}


async def test_a_dead_session_is_asked_for_once(workers: Workers, person: Person) -> None:
    """What a rebuild found dead gets a tombstone, so that PostgreSQL is spared the next look."""
    tokens = await workers.first.open(person)
    await workers.first.revoke(tokens)
    await workers.first.tell_redis("FLUSHALL")
    assert await workers.first.check(tokens) == "session_revoked"
    assert await workers.first.redis_keys(person) == [f"d:{tokens.session.id.hex}"]
    with workers.first.service.counting() as work:
        assert await workers.first.check(tokens) == "session_revoked"
    assert work.statements == []
    key = f"ha:{{{person.id.hex}}}:d:{tokens.session.id.hex}"
    assert 0 < await workers.first.tell_redis("TTL", key) <= TOMBSTONE_LIFE.total_seconds()


async def test_deleted_person(workers: Workers, person: Person) -> None:
    """After the deletion of an account nothing of it opens anything, in Redis or out of it."""
    _, client = await workers.first.service.signed_in(person)
    elsewhere = workers.second.service.native()
    elsewhere.access_token = client.access_token
    assert await elsewhere.is_signed_in()
    assert (await client.delete("/auth/me")).status_code == 204
    assert (await elsewhere.get("/auth/me")).json()["code"] == "session_revoked"
    found = await workers.first.service.rows(
        "SELECT count(*) FROM hybrid_auth_sessions WHERE user_id = :id", id=person.id
    )
    assert found == [(0,)]


async def test_old_records_beside_a_new_principal(workers: Workers, person: Person) -> None:
    """Records that nobody deleted do not open beside a newer principal: the person's epoch ended them."""
    ended, kept = await workers.second.open(person), await workers.second.open(person)
    for tokens in (ended, kept):
        assert await workers.check(tokens) == {"alive"}
    left = "SELECT count(*) FROM hybrid_auth_session_outbox WHERE user_id = :id"

    async def waiting() -> int:
        [(count,)] = await workers.second.service.rows(left, id=person.id)
        return int(count)

    with workers.first.redis.away():
        assert await outcome(workers.first.revoke_all(person, keep=kept)) == "service_unavailable"
        # The other worker's poll knows the person only, not which sessions ended: their records stay.
        await eventually(waiting, 0, within=2)
    assert await workers.second.check(kept) == "alive"
    assert await workers.second.tell_redis("EXISTS", f"ha:{{{person.id.hex}}}:s:{ended.session.id.hex}") == 1
    assert await workers.second.refresh_outcome(ended) == "invalid_refresh_token"
    assert await workers.check(ended) == {"session_revoked"}


async def test_reauthenticated_while_a_rebuild_waits(workers: Workers, person: Person) -> None:
    """A rebuild that read the session before a fresh proof does not hide that proof."""
    tokens = await workers.second.open(person)
    claims = workers.second.service.services.access_tokens.verify(tokens.access_token)
    caller = await workers.second.sessions.check(claims)
    await workers.second.tell_redis("FLUSHALL")
    trap = workers.first.postgres.trap("reply", tokens.session.id.bytes)
    rebuild = asyncio.create_task(workers.first.sessions.check(claims))
    await trap.caught()
    workers.advance(minutes=1)
    proof = Proof(user_id=person.id, session_epoch=0, amr=("pwd",), aal=1)
    async with workers.second.service.transaction() as transaction:
        await workers.second.sessions.reauthenticate(transaction, caller, proof)
    trap.release()
    now = workers.first.service.clock.now()
    assert (await rebuild).session.authenticated_at == now
    assert (await workers.second.sessions.check(claims)).session.authenticated_at == now
