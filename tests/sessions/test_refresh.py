"""Refresh: exactly once, the same answer within the grace, the end of the session after it."""

import asyncio
from datetime import timedelta

import pytest

from hybrid_auth.core.errors import InvalidRefreshToken, RefreshTokenReused
from tests.support.service import Person
from tests.support.workers import Workers, outcome

GRACE = 20


@pytest.mark.parametrize("flushed", [False, True])
async def test_fifty_at_once_get_one_successor(workers: Workers, person: Person, flushed: bool) -> None:
    """Fifty refreshes with one token, over two workers, hand out one successor, also on an empty Redis."""
    tokens = await workers.first.open(person)
    assert await workers.check(tokens) == {"alive"}
    if flushed:
        await workers.first.tell_redis("FLUSHALL")
    answers = await asyncio.gather(*((workers.first, workers.second)[n % 2].refresh(tokens) for n in range(50)))
    assert len({answer.refresh_token for answer in answers}) == 1
    assert workers.first.token(answers[0]).generation == 1
    assert {answer.session.generation for answer in answers} == {1}
    assert await workers.check(answers[0]) == {"alive"}


async def test_fifty_sessions_of_one_person_at_once(workers: Workers, person: Person) -> None:
    """Rebuilds of one person's sessions contend for tickets and all get through."""
    opened = [await workers.first.open(person) for _ in range(50)]
    await workers.first.tell_redis("FLUSHALL")
    answers = await asyncio.gather(*((workers.first, workers.second)[n % 2].refresh(t) for n, t in enumerate(opened)))
    assert [workers.first.token(answer).generation for answer in answers] == [1] * 50


async def test_previous_token_within_grace(workers: Workers, person: Person) -> None:
    """Until the very end of the grace the previous token gets the same successor again, on any worker."""
    tokens = await workers.first.open(person)
    successor = await workers.first.refresh(tokens)
    workers.advance(seconds=GRACE)
    assert (await workers.second.refresh(tokens)).refresh_token == successor.refresh_token
    assert await workers.check(successor) == {"alive"}


async def test_superseded_token_after_grace(workers: Workers, person: Person) -> None:
    """A moment after the grace the replay ends the session, its successor too, and the record says why."""
    tokens = await workers.first.open(person)
    successor = await workers.first.refresh(tokens)
    workers.advance(seconds=GRACE + 0.001)
    with pytest.raises(RefreshTokenReused):
        await workers.second.refresh(tokens)
    assert await workers.check(successor) == {"session_revoked"}
    assert await workers.first.refresh_outcome(successor) == "invalid_refresh_token"
    row = await workers.first.row(tokens)
    assert row["revoked_reason"] == "refresh_token_reused"
    assert row["revoked_at"] == workers.first.service.clock.now()


async def test_two_generations_back_within_grace_is_reuse(workers: Workers, person: Person) -> None:
    """The grace belongs to the previous token only."""
    tokens = await workers.first.open(person)
    second = await workers.first.refresh(await workers.second.refresh(tokens))
    with pytest.raises(RefreshTokenReused):
        await workers.second.refresh(tokens)
    assert await workers.check(second) == {"session_revoked"}


async def test_other_transport_changes_nothing(workers: Workers, person: Person) -> None:
    """A token in the wrong transport is refused, and the session goes on."""
    tokens = await workers.first.open(person, transport="cookie")
    with pytest.raises(InvalidRefreshToken):
        await workers.first.sessions.refresh(tokens.refresh_token, transport="native")
    assert await workers.first.refresh_outcome(tokens) == "alive"


async def test_garbage_is_refused_without_a_store(workers: Workers, person: Person) -> None:
    """A token that this server did not write costs no store anything."""
    tokens = await workers.first.open(person)
    forged = tokens.refresh_token[:-1] + ("A" if tokens.refresh_token[-1] != "A" else "E")
    with (
        workers.first.redis.away(),
        workers.first.service.counting() as work,
        pytest.raises(InvalidRefreshToken),
    ):
        await workers.first.sessions.refresh(forged, transport="native")
    assert work.statements == []
    await workers.first.reconnect()


async def test_race_losers_never_clear_the_cookie(workers: Workers, person: Person) -> None:
    """Of many tabs that refresh at once every one gets the winner's cookie and none a deletion."""
    _, tab = await workers.first.service.signed_in(person)
    cookie = {"cookie": f"refresh={tab.cookie}", "origin": workers.first.service.settings.public_url}
    clients = [worker.service.http() for worker in workers for _ in range(10)]
    answers = await asyncio.gather(*(client.post("/auth/refresh", headers=cookie) for client in clients))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["set-cookie"].split(";")[0] for answer in answers}) == 1
    workers.advance(seconds=GRACE + 1)
    over = await clients[0].post("/auth/refresh", headers=cookie)
    assert over.json()["code"] == "refresh_token_reused"
    assert "Max-Age=0" in over.headers["set-cookie"]


async def test_idle_end(workers: Workers, person: Person) -> None:
    """At the exact end of the idle time neither refresh nor check opens; a refresh just before moves that end."""
    tokens = await workers.first.open(person)
    idle = timedelta(days=7)
    workers.advance(seconds=(idle - timedelta(milliseconds=1)).total_seconds())
    tokens = await workers.first.refresh(tokens)
    claims = workers.second.service.services.access_tokens.verify(tokens.access_token)
    workers.advance(seconds=(idle - timedelta(milliseconds=1)).total_seconds())
    assert await outcome(workers.second.sessions.check(claims)) == "alive"
    workers.advance(milliseconds=1)
    assert await outcome(workers.second.sessions.check(claims)) == "session_revoked"
    assert await workers.second.refresh_outcome(tokens) == "invalid_refresh_token"
    await workers.first.tell_redis("FLUSHALL")
    assert await outcome(workers.second.sessions.check(claims)) == "session_revoked"
    assert await workers.first.refresh_outcome(tokens) == "invalid_refresh_token"


@pytest.mark.parametrize("flushed", [False, True])
async def test_absolute_end_is_never_moved(workers: Workers, person: Person, flushed: bool) -> None:
    """However often it is refreshed, a session ends at the moment set at its sign-in."""
    tokens = await workers.first.open(person)
    end = tokens.session.expires_at
    for _ in range(5):
        workers.advance(days=5.9)
        tokens = await workers.first.refresh(tokens)
        await workers.first.write_rotations()
        assert tokens.session.expires_at.replace(microsecond=0) == end.replace(microsecond=0)
    left = end - workers.first.service.clock.now()
    workers.advance(seconds=left.total_seconds() - 2)
    tokens = await workers.first.refresh(tokens)
    assert tokens.expires_in <= 2
    await workers.first.write_rotations()
    claims = workers.second.service.services.access_tokens.verify(tokens.access_token)
    if flushed:
        await workers.first.tell_redis("FLUSHALL")
    workers.advance(seconds=2)
    assert await outcome(workers.second.sessions.check(claims)) == "session_revoked"
    assert await workers.second.refresh_outcome(tokens) == "invalid_refresh_token"
    assert (await workers.first.row(tokens))["expires_at"] == end
