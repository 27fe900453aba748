"""`POST /auth/password/change`."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from copy import copy

import pytest
from msgspec import structs

from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import InvalidCredentials
from hybrid_auth.core.principal import Proof
from hybrid_auth.sessions.service import Authenticated
from tests.support.service import OTHER_PASSWORD, PASSWORD, Service, problem

CHANGE = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}


async def test_password_is_replaced_and_other_sessions_end(service: Service) -> None:
    """The new password signs in, the old one does not; this session stays, every other one is over at once."""
    person, browser = await service.signed_in()
    _, other = await service.signed_in(person)
    _, native = await service.signed_in(person, native=True)
    answer = await browser.post("/auth/password/change", CHANGE)
    assert answer.status_code == 204
    assert answer.content == b""
    assert await browser.is_signed_in()
    for client in (other, native):
        assert problem(await client.get("/auth/me")) == (401, "session_revoked")
        assert problem(await client.refresh()) == (401, "invalid_refresh_token")
    old = await service.browser().post("/auth/login", person.credentials)
    assert problem(old) == (401, "invalid_credentials")
    new = await service.browser().post("/auth/login", {**person.credentials, "password": OTHER_PASSWORD})
    assert new.status_code == 200


@pytest.mark.parametrize("native", [False, True])
async def test_this_session_goes_on_refreshing(service: Service, native: bool) -> None:
    """The kept session refreshes before, with and after the change, and its token is no reuse."""
    _, client = await service.signed_in(native=native)
    assert (await client.refresh()).status_code == 200
    assert (await client.post("/auth/password/change", CHANGE)).status_code == 204
    for _ in range(3):
        assert (await client.refresh()).status_code == 200
        assert await client.is_signed_in()


async def test_wrong_current_password_changes_nothing(service: Service) -> None:
    """401, and neither the hash nor any session is touched."""
    person, browser = await service.signed_in()
    _, other = await service.signed_in(person)
    before = await service.password_hash(person)
    answer = await browser.post("/auth/password/change", {**CHANGE, "current_password": "wrong"})
    assert problem(answer) == (401, "invalid_credentials")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert await service.password_hash(person) == before
    assert await browser.is_signed_in()
    assert await other.is_signed_in()


async def test_current_password_cannot_be_left_out(service: Service) -> None:
    """Somebody with a password must give it, however recently they signed in."""
    person, browser = await service.signed_in()
    before = await service.password_hash(person)
    for body in ({"new_password": OTHER_PASSWORD}, {"new_password": OTHER_PASSWORD, "current_password": None}):
        answer = await browser.post("/auth/password/change", body)
        assert problem(answer) == (400, "validation_error")
        assert [error["field"] for error in answer.json()["errors"]] == ["current_password"]
    assert await service.password_hash(person) == before


async def test_first_password_needs_a_recent_proof(service: Service) -> None:
    """Somebody without a password sets one without giving one, while their last proof is recent."""
    person, browser = await service.signed_in()
    await service.write("DELETE FROM hybrid_auth_passwords WHERE user_id = :id", id=person.id)
    async with service.transaction() as transaction:
        await service.services.sessions.person_changed(transaction, person.id)
    assert (await browser.get("/auth/me")).json()["has_password"] is False
    service.clock.advance(minutes=5, seconds=1)
    await browser.refresh()
    late = await browser.post("/auth/password/change", {"new_password": OTHER_PASSWORD})
    assert problem(late) == (403, "reauthentication_required")
    assert late.json().get("methods", []) == []
    await service.write(
        "UPDATE hybrid_auth_sessions SET authenticated_at = :now WHERE user_id = :id",
        id=person.id,
        now=service.clock.now(),
    )
    async with service.redis() as redis:
        await redis.delete(*await service.redis_keys(person))
    assert (await browser.post("/auth/password/change", {"new_password": OTHER_PASSWORD})).status_code == 204
    assert (await browser.get("/auth/me")).json()["has_password"] is True


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "too_short"),
        ("q" * 257, "too_long"),
        ("passwordpassword", "common"),
        ("hybrid auth hybrid auth", "personal"),
        ("aaaaaaaaaaaaaaaaaaaaa", "guessable"),
        ("abcdefghijklmnopq", "guessable"),
    ],
)
async def test_policy_says_why(service: Service, password: str, reason: str) -> None:
    """A password that policy refuses is refused with its reason, and changes nothing."""
    person, browser = await service.signed_in()
    before = await service.password_hash(person)
    answer = await browser.post("/auth/password/change", {**CHANGE, "new_password": password})
    assert problem(answer) == (400, "password_rejected")
    assert answer.json()["reason"] == reason
    assert await service.password_hash(person) == before


async def test_of_many_changes_at_once_one_wins(service: Service) -> None:
    """Of 20 changes from the same password at the same moment one counts, and its password is the one that works."""
    person, browser = await service.signed_in()
    choices = [f"{OTHER_PASSWORD} number {n}" for n in range(20)]
    answers = await asyncio.gather(
        *(browser.post("/auth/password/change", {**CHANGE, "new_password": choice}) for choice in choices)
    )
    assert Counter(answer.status_code for answer in answers) == {204: 1, 401: 19}
    winner = choices[[answer.status_code for answer in answers].index(204)]
    new = await service.browser().post("/auth/login", {**person.credentials, "password": winner})
    assert new.status_code == 200


async def test_needs_a_session(service: Service) -> None:
    """Nobody changes a password by a cookie alone."""
    _, browser = await service.signed_in()
    assert problem(await browser.http.post("/auth/password/change", json=CHANGE)) == (401, "invalid_token")


async def test_a_body_held_back_does_not_act_in_a_session_that_ended(service: Service) -> None:
    """The caller is resolved with the headers; by the time the body is there, everything was signed out."""
    person, thief = await service.signed_in()
    _, owner = await service.signed_in(person)
    headers_came, go_on = asyncio.Event(), asyncio.Event()
    body = json.dumps(CHANGE).encode()

    async def held_back() -> AsyncIterator[bytes]:
        headers_came.set()
        await go_on.wait()
        yield body

    sending = asyncio.create_task(
        thief.http.post(
            "/auth/password/change",
            content=held_back(),
            headers={"content-type": "application/json", "authorization": f"Bearer {thief.access_token}"},
        )
    )
    await headers_came.wait()
    assert (await owner.post("/auth/logout-all")).status_code == 200
    go_on.set()
    assert problem(await sending) == (401, "session_revoked")
    assert (await service.browser().post("/auth/login", person.credentials)).status_code == 200


async def test_a_first_password_set_meanwhile_is_not_replaced(service: Service) -> None:
    """What the request knew of the person may be old: only a person without a password gets a first one."""
    person, client = await service.signed_in()
    caller = await service.services.sessions.check(service.services.access_tokens.verify(client.access_token or ""))
    stale = Authenticated(caller.session, structs.replace(caller.principal, has_password=False))
    with pytest.raises(InvalidCredentials):
        async with service.transaction() as transaction:
            await service.services.passwords.change(transaction, stale, current=None, new=OTHER_PASSWORD)
    assert (await service.browser().post("/auth/login", person.credentials)).status_code == 200


async def test_a_proof_of_somebody_else_is_none(service: Service) -> None:
    """Whatever a method says: only a proof of the very person who is signed in counts."""
    person, client = await service.signed_in()
    other = await service.person()
    caller = await service.services.sessions.check(service.services.access_tokens.verify(client.access_token or ""))

    class Confused:
        async def prove_again(self, transaction: Transaction, caller: Authenticated, answer: object) -> Proof:
            return Proof(user_id=other.id, session_epoch=0, amr=("pwd",), aal=1)

    sign_in = copy(service.services.sign_in)
    sign_in._methods = {"password": Confused()}
    with pytest.raises(InvalidCredentials):
        async with service.transaction() as transaction:
            await sign_in.reauthenticate(transaction, caller, method="password", answer="")
    assert person.id != other.id
