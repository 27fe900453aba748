"""Listing, renaming and deleting passkeys, and the last way in."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.support.authenticator import Authenticator, unb64
from tests.support.passkeys import (
    OPTIONS,
    creation_options,
    passkey_only,
    passkeys_of,
    reauthenticate,
    register,
    request_options,
    sign_in,
    until_somebody_waits_for_a_lock,
    with_passkey,
)
from tests.support.service import OTHER_PASSWORD, Client, Service, problem


async def _listed(client: Client) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = (await client.get("/auth/passkeys")).json()["passkeys"]
    return listed


async def test_the_list(service: Service) -> None:
    """Newest first, with what the Signal API needs to tell the browser which are still good."""
    _, authenticator = await with_passkey(service)
    client = service.browser()
    await sign_in(client, authenticator)
    options = await creation_options(client)
    service.clock.advance(seconds=5)
    second = Authenticator()
    await register(client, second, name="Second")
    answer = await client.get("/auth/passkeys")
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert found.keys() == {"rp_id", "user_handle", "passkeys", "offer_declined"}
    assert (found["rp_id"], found["user_handle"]) == ("localhost", options["user"]["id"])
    ids = [unb64(passkey["credential_id"]) for passkey in found["passkeys"]]
    assert ids == [second.credentials[0].id, authenticator.credentials[0].id]


async def test_the_list_of_somebody_without_any(service: Service) -> None:
    """Empty, and with the handle that a first one will be made for."""
    _, client = await service.signed_in()
    found = (await client.get("/auth/passkeys")).json()
    assert found["passkeys"] == []
    assert found["user_handle"] == (await creation_options(client))["user"]["id"]


async def test_renaming(service: Service) -> None:
    """Trimmed and normalised; nothing else changes."""
    person, _ = await with_passkey(service)
    client = service.browser()
    await client.sign_in(person)
    [before] = await _listed(client)
    answer = await client.patch(f"/auth/passkeys/{before['id']}", {"name": "  Work laptop "})
    assert (answer.status_code, answer.json()) == (200, before | {"name": "Work laptop"})
    for name in ("", " ", "x" * 65, "a\x00b", "a\u2028b"):
        refused = await client.patch(f"/auth/passkeys/{before['id']}", {"name": name})
        assert problem(refused) == (400, "validation_error")
    assert [passkey["name"] for passkey in await _listed(client)] == ["Work laptop"]


async def test_deleting(service: Service) -> None:
    """It opens nothing any more, and its browser is told that it is unknown."""
    person, authenticator = await with_passkey(service)
    client = service.browser()
    await sign_in(client, authenticator)
    [passkey] = await _listed(client)
    answer = await client.delete(f"/auth/passkeys/{passkey['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await _listed(client) == []
    assert (await client.get("/auth/me")).json()["passkey_count"] == 0
    assert problem(await client.delete(f"/auth/passkeys/{passkey['id']}")) == (404, "not_found")
    assert problem(await sign_in(service.browser(), authenticator)) == (401, "unknown_passkey")
    await service.browser().sign_in(person)


async def test_somebody_elses_is_not_there(service: Service) -> None:
    """Neither to be renamed nor deleted nor told apart from none at all."""
    owner, _ = await with_passkey(service)
    _, authenticator = await with_passkey(service)
    thief = service.browser()
    await sign_in(thief, authenticator)
    [passkey] = await passkeys_of(service, owner.id)
    for target in (passkey["id"], str(uuid4()), "x", "00000000"):
        assert problem(await thief.patch(f"/auth/passkeys/{target}", {"name": "Mine"})) == (404, "not_found")
        assert problem(await thief.delete(f"/auth/passkeys/{target}")) == (404, "not_found")
    assert await passkeys_of(service, owner.id) == [passkey]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE", "PUT"])
async def test_nobody_manages_anything(service: Service, method: str) -> None:
    """Every call needs a session."""
    path = {"GET": "", "PUT": "/offer"}.get(method, f"/{uuid4()}")
    assert problem(await service.browser().send(method, f"/auth/passkeys{path}", {})) == (401, "invalid_token")


async def test_the_last_way_in_stays(service: Service) -> None:
    """Somebody without a password keeps their only passkey; with a second one, or a password, it may go."""
    _, authenticator = await passkey_only(service)
    client = service.browser()
    await sign_in(client, authenticator)
    [passkey] = await _listed(client)
    answer = await client.delete(f"/auth/passkeys/{passkey['id']}")
    assert problem(answer) == (409, "last_sign_in_method")
    assert await _listed(client) == [passkey]
    await register(client, Authenticator(), name="Second")
    assert (await client.delete(f"/auth/passkeys/{passkey['id']}")).status_code == 204
    [second] = await _listed(client)
    assert problem(await client.delete(f"/auth/passkeys/{second['id']}")) == (409, "last_sign_in_method")


async def test_a_password_added_later_is_a_way_in(service: Service) -> None:
    """It is set without an old one, signs in, and lets the passkey go."""
    person, authenticator = await passkey_only(service)
    client = service.browser()
    await sign_in(client, authenticator)
    assert (await client.post("/auth/password/change", {"new_password": OTHER_PASSWORD})).status_code == 204
    assert (await client.get("/auth/me")).json()["has_password"] is True
    [passkey] = await _listed(client)
    assert (await client.delete(f"/auth/passkeys/{passkey['id']}")).status_code == 204
    answer = await service.browser().post("/auth/login", {"email": person.email, "password": OTHER_PASSWORD})
    assert answer.json()["session"]["amr"] == ["pwd"]


async def test_a_password_is_added_only_recently_proven(service: Service) -> None:
    """An unattended session sets no password of its own."""
    _, authenticator = await passkey_only(service)
    client = service.browser()
    await sign_in(client, authenticator)
    service.clock.advance(seconds=301)
    await client.refresh()
    answer = await client.post("/auth/password/change", {"new_password": OTHER_PASSWORD})
    assert problem(answer) == (403, "reauthentication_required")
    assert answer.json()["methods"] == ["passkey"]


async def test_of_the_last_two_deleted_at_once_one_stays(service: Service) -> None:
    """A-28 and A-75: twenty deletions in parallel leave a way in, every time."""
    for _ in range(2):
        person, authenticator = await passkey_only(service)
        client = service.browser()
        await sign_in(client, authenticator)
        await register(client, Authenticator(), name="Second")
        ids = [passkey["id"] for passkey in await _listed(client)]
        answers = await asyncio.gather(*(client.delete(f"/auth/passkeys/{ids[n % 2]}") for n in range(20)))
        codes = [answer.status_code for answer in answers]
        assert codes.count(204) == 1
        assert set(codes) == {204, 404, 409}
        assert len(await passkeys_of(service, person.id)) == 1


async def test_one_deleted_while_it_is_used_raises_no_alarm(service: Service) -> None:
    """The sign-in waits for the deletion and is refused; nobody is told that a key was copied."""
    person, authenticator = await with_passkey(service, Authenticator(backup_eligible=False, backed_up=False))
    async with service.transaction() as transaction:
        await transaction.execute(text("DELETE FROM hybrid_auth_passkeys WHERE user_id = :id"), {"id": person.id})
        signing_in = asyncio.create_task(sign_in(service.browser(), authenticator))
        await until_somebody_waits_for_a_lock(service)
    assert problem(await signing_in) == (400, "passkey_verification_failed")
    await service.post_mails()
    [mail] = await service.mails_to(person.email)
    assert "was added" in mail.subject


async def test_a_deleted_account_is_forgotten_by_its_authenticator(service: Service) -> None:
    """The passkey is unknown, and whoever registers the address again is somebody else to every authenticator."""
    person, authenticator = await with_passkey(service)
    client = service.browser()
    await sign_in(client, authenticator)
    handle = (await client.get("/auth/passkeys")).json()["user_handle"]
    assert (await client.delete("/auth/me")).status_code == 204
    assert problem(await sign_in(service.browser(), authenticator)) == (401, "unknown_passkey")
    _, again = await service.signed_in(await service.person(email=person.email))
    assert (await again.get("/auth/passkeys")).json()["user_handle"] != handle
    assert (await register(again, authenticator)).status_code == 201


async def test_a_new_passkey_is_seen_by_every_session(service: Service) -> None:
    """What the other sessions may do changes with it at once."""
    person, first = await service.signed_in()
    second = service.browser()
    await second.sign_in(person)
    assert (await second.post(OPTIONS)).status_code == 200
    authenticator = Authenticator()
    await register(first, authenticator)
    assert problem(await second.post(OPTIONS)) == (403, "reauthentication_required")
    assert (await reauthenticate(second, authenticator)).status_code == 200
    assert len((await request_options(second))["allowCredentials"]) == 1
