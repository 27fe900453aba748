"""`/auth/me`."""

import pytest

from tests.http.test_login import SESSION, USER
from tests.support.service import PASSWORD, Service, problem


async def test_me_is_user_with_session(service: Service) -> None:
    """One's own account, and the session it was asked from."""
    person, browser = await service.signed_in()
    answer = await browser.get("/auth/me")
    assert answer.status_code == 200
    me = answer.json()
    assert me.keys() == {*USER, "session"}
    assert me["session"].keys() == SESSION
    assert (me["id"], me["email"]) == (str(person.id), person.email)
    assert (me["session"]["id"], me["session"]["current"]) == (browser.session_id, True)


async def test_me_needs_a_session(service: Service) -> None:
    """Without a token, and with the cookie alone, there is nobody."""
    _, browser = await service.signed_in()
    answer = await browser.http.get("/auth/me")
    assert problem(answer) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    ("name", "shown"),
    [("  Zoë  ", "Zoë"), ("Zoe\u0308", "Zoë"), ("", None), ("   ", None), (None, None), ("👩‍🚀", "👩‍🚀")],
)
async def test_name_is_changed_everywhere_at_once(service: Service, name: str | None, shown: str | None) -> None:
    """The new name is in the answer and in what every session shows from then on."""
    person, browser = await service.signed_in()
    _, other = await service.signed_in(person)
    answer = await browser.patch("/auth/me", {"display_name": name})
    assert answer.status_code == 200
    assert answer.json().keys() == {*USER, "session"}
    assert answer.json()["display_name"] == shown
    assert answer.json()["session"]["id"] == browser.session_id
    for client in (browser, other):
        assert (await client.get("/auth/me")).json()["display_name"] == shown


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"display_name": "x" * 101},
        {"display_name": "a\x1b[31mb"},
        {"display_name": 7},
        {"display_name": "Mallory", "roles": ["admin"]},
        {"email": "other@example.org"},
        {"email_verified": True},
        {"id": "00000000-0000-0000-0000-000000000000"},
    ],
)
async def test_nothing_else_can_be_set(service: Service, change: dict[str, object]) -> None:
    """Unknown, privileged and unreadable values are refused, and nothing changes (A-93)."""
    _, browser = await service.signed_in()
    before = (await browser.get("/auth/me")).json()
    assert problem(await browser.patch("/auth/me", change)) == (400, "validation_error")
    assert (await browser.get("/auth/me")).json() == before


async def test_deletion_removes_the_person_and_all_that_is_theirs(service: Service) -> None:
    """Afterwards no table and no record knows the person, and none of their tokens opens anything."""
    person, browser = await service.signed_in()
    _, native = await service.signed_in(person, native=True)
    await browser.get("/auth/me")
    bystander, other = await service.signed_in()
    answer = await browser.delete("/auth/me")
    assert answer.status_code == 204
    assert answer.content == b""
    assert browser.cookie is None
    assert await service.redis_keys(person) == []
    tables = await service.rows(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_name LIKE 'hybrid_auth_%' AND column_name = 'user_id' AND table_name NOT LIKE '%outbox'"
    )
    assert ("hybrid_auth_sessions", "user_id") in tables
    for table, column in [*tables, ("hybrid_auth_users", "id")]:
        assert await service.rows(f"SELECT 1 FROM {table} WHERE {column} = :id", id=person.id) == [], table  # noqa: S608
    for client in (browser, native):
        assert problem(await client.get("/auth/me")) == (401, "session_revoked")
        assert problem(await client.refresh())[0] == 401
    login = await service.browser().post("/auth/login", person.credentials)
    assert problem(login) == (401, "invalid_credentials")
    assert await other.is_signed_in()
    assert (await other.get("/auth/me")).json()["id"] == str(bystander.id)


async def test_address_of_a_deleted_person_can_be_registered_anew(service: Service) -> None:
    """The address is free again, for a person with another id (A-98)."""
    person, browser = await service.signed_in()
    await browser.delete("/auth/me")
    await service.browser().post("/auth/register", {"email": person.email, "password": PASSWORD})
    [mail] = await service.mails_to(person.email)
    assert (await service.browser().post("/auth/email/verify", {"token": mail.token})).status_code == 204
    result = (await service.browser().post("/auth/login", person.credentials)).json()
    assert result["user"]["id"] != str(person.id)


async def test_attempts_on_the_address_are_gone_too(service: Service) -> None:
    """What was stored when somebody registered the address again goes with the person."""
    person, browser = await service.signed_in()
    await service.browser().post("/auth/register", {"email": person.email, "password": PASSWORD})
    await browser.delete("/auth/me")
    kept = await service.rows("SELECT id FROM hybrid_auth_registrations WHERE email = :email", email=person.email)
    assert kept == []


async def test_deletion_needs_a_recent_proof(service: Service) -> None:
    """Five minutes after the sign-in it takes another proof; the answer names the ways to give it."""
    _, browser = await service.signed_in()
    service.clock.advance(minutes=5, seconds=1)
    await browser.refresh()
    refused = await browser.delete("/auth/me")
    assert problem(refused) == (403, "reauthentication_required")
    assert refused.json()["methods"] == ["password"]
    assert await browser.is_signed_in()
    proof = await browser.post("/auth/reauthenticate", {"method": "password", "password": PASSWORD})
    browser.keep(proof)
    assert (await browser.delete("/auth/me")).status_code == 204


async def test_proof_is_recent_for_five_minutes(service: Service) -> None:
    """At five minutes it still counts."""
    _, browser = await service.signed_in()
    service.clock.advance(minutes=5)
    await browser.refresh()
    assert (await browser.delete("/auth/me")).status_code == 204
