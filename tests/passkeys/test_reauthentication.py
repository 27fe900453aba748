"""Proving again who one is, and what needs a recent proof."""

import pytest

from tests.passkeys.test_sign_in import claims
from tests.support.authenticator import UV, Alteration, Authenticator
from tests.support.passkeys import OPTIONS, creation_options, reauthenticate, register, sign_in, with_passkey
from tests.support.service import Client, Service, problem

NOT_RECENT = (403, "reauthentication_required")


async def _factor_changes(client: Client) -> list[tuple[int, str]]:
    """What each call answers that adds, removes or undoes a way to sign in."""
    [passkey] = (await client.get("/auth/passkeys")).json()["passkeys"]
    answers = [
        await client.post(OPTIONS),
        await client.delete(f"/auth/passkeys/{passkey['id']}"),
        await client.delete("/auth/me"),
    ]
    assert [answer.json().get("methods") for answer in answers] == [["passkey"]] * len(answers)
    return [problem(answer) for answer in answers]


async def test_a_password_alone_changes_no_factor_where_there_is_a_passkey(service: Service) -> None:
    """A-26: neither the sign-in itself, nor the password given once more; a passkey does."""
    person, authenticator = await with_passkey(service)
    client = service.browser()
    await client.sign_in(person)
    assert await _factor_changes(client) == [NOT_RECENT] * 3
    again = await client.post("/auth/reauthenticate", {"method": "password", "password": person.password})
    assert again.status_code == 200
    client.access_token = again.json()["access_token"]
    assert await _factor_changes(client) == [NOT_RECENT] * 3
    assert (await reauthenticate(client, authenticator)).status_code == 200
    assert (await client.post(OPTIONS)).status_code == 200


async def test_the_first_passkey_closes_the_door_behind_it(service: Service) -> None:
    """The session that added it was proven by a password, so it adds no second one."""
    _, client = await service.signed_in()
    authenticator = Authenticator()
    assert (await register(client, authenticator)).status_code == 201
    assert problem(await client.post(OPTIONS)) == NOT_RECENT


async def test_a_proof_is_recent_for_five_minutes(service: Service) -> None:
    """A refresh does not make it so again; a passkey does, and the new token says when."""
    _, authenticator = await with_passkey(service)
    client = service.browser()
    await sign_in(client, authenticator)
    service.clock.advance(seconds=300)
    await client.refresh()
    assert (await client.post(OPTIONS)).status_code == 200
    service.clock.advance(seconds=1)
    await client.refresh()
    assert await _factor_changes(client) == [NOT_RECENT] * 3
    assert (await reauthenticate(client, authenticator)).status_code == 200
    assert client.access_token is not None
    assert claims(client.access_token)["auth_time"] == int(service.clock.now().timestamp())
    assert (await client.post(OPTIONS)).status_code == 200


async def test_it_raises_the_assurance_of_a_password_session(service: Service) -> None:
    """What was proven adds up."""
    person, authenticator = await with_passkey(service)
    client = service.browser()
    await client.sign_in(person)
    await reauthenticate(client, authenticator)
    session = (await client.get("/auth/me")).json()["session"]
    assert (session["amr"], session["aal"]) == (["pwd", "swk", "user", "mfa"], 2)


async def test_the_person_must_be_verified(service: Service) -> None:
    """A touch is not enough."""
    _, authenticator = await with_passkey(service)
    client = service.browser()
    await sign_in(client, authenticator)
    touched = Alteration(flags=lambda flags: flags & ~UV)
    assert problem(await reauthenticate(client, authenticator, touched)) == (400, "passkey_verification_failed")


@pytest.mark.parametrize("body", [{}, {"credential": {}}, {"credential": {"response": {"clientDataJSON": 5}}}])
async def test_a_body_that_answers_nothing(service: Service, body: dict[str, object]) -> None:
    """Refused as what it is, never a 500."""
    _, client = await service.signed_in()
    answer = await client.post("/auth/reauthenticate", {"method": "passkey", **body})
    assert problem(answer) in ((400, "passkey_verification_failed"), (400, "validation_error"))


async def test_the_options_exclude_what_is_there(service: Service) -> None:
    """So that no device makes a second one for the same person."""
    person, authenticator = await with_passkey(service)
    client = service.browser()
    await sign_in(client, authenticator)
    options = await creation_options(client)
    [listed] = (await client.get("/auth/passkeys")).json()["passkeys"]
    assert [entry["id"] for entry in options["excludeCredentials"]] == [listed["credential_id"]]
    assert options["user"]["name"] == person.email
