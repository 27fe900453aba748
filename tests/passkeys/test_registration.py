"""Making passkeys: who may, how they are called, and the silent upgrade after a password sign-in."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.authenticator import BE, BS, UP, UV, Alteration, Authenticator, Excluded, unb64
from tests.support.passkeys import (
    OPTIONS,
    VERIFY,
    creation_options,
    passkeys_of,
    reauthenticate,
    register,
    sign_in,
    until_somebody_waits_for_a_lock,
    with_passkey,
)
from tests.support.service import Service, problem

GOOGLE = UUID("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4")
CONDITIONAL = {"mode": "conditional"}
REFUSED = (400, "passkey_verification_failed")
SILENT = Alteration(flags=lambda flags: flags & ~(UP | UV))


async def test_the_options(service: Service) -> None:
    """A discoverable, verified credential of our three algorithms, for a handle that says nothing."""
    person, client = await service.signed_in()
    options = await creation_options(client)
    handle = unb64(options["user"]["id"])
    assert len(handle) == 64
    assert options == {
        "rp": {"id": "localhost", "name": "Hybrid Auth"},
        "user": {"id": options["user"]["id"], "name": person.email, "displayName": "Kim Test"},
        "challenge": options["challenge"],
        "timeout": 300_000,
        "excludeCredentials": [],
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (-8, -7, -257)],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
        "hints": [],
        "extensions": {"credProps": True},
    }
    assert unb64((await creation_options(client))["user"]["id"]) == handle
    other = await creation_options((await service.signed_in())[1])
    assert unb64(other["user"]["id"]) != handle


async def test_the_passkey_that_was_made(service: Service) -> None:
    """What its owner is told of it, in the answer, in the list and in a mail."""
    person, client = await service.signed_in()
    authenticator = Authenticator()
    answer = await register(client, authenticator)
    made = answer.json()
    assert UUID(made.pop("id"))
    assert made == {
        "credential_id": made["credential_id"],
        "name": "Firefox on Linux",
        "provider": None,
        "aaguid": "0f5b8f4c-0000-4000-8000-00000000a17e",
        "created_at": service.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "last_used_at": None,
        "backed_up": True,
        "device_type": "multi_device",
        "transports": ["hybrid", "internal"],
        "suspected": False,
    }
    assert unb64(made["credential_id"]) == authenticator.credentials[0].id
    assert (await client.get("/auth/me")).json()["passkey_count"] == 1
    [mail] = await service.mails_to(person.email)
    assert mail.subject == "A passkey was added to your Hybrid Auth account"
    assert "Firefox on Linux" in mail.text


async def test_only_somebody_signed_in_makes_one(service: Service) -> None:
    """Nobody, and no token of any other kind."""
    anybody = service.browser()
    made = Authenticator().create(await creation_options((await service.signed_in())[1]))
    for bearer in ("", "x", "enrol_", "enrol_" + "A" * 43):
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        assert problem(await anybody.post(OPTIONS, **headers)) == (401, "invalid_token")
        answer = await anybody.post(VERIFY, {"credential": made}, **headers)
        assert problem(answer) == (401, "invalid_token")


async def test_a_proof_too_old_makes_none(service: Service) -> None:
    """B-05: an unattended session is no way in for good."""
    _, client = await service.signed_in()
    service.clock.advance(seconds=301)
    await client.refresh()
    answer = await client.post(OPTIONS)
    assert problem(answer) == (403, "reauthentication_required")
    assert answer.json()["methods"] == ["password"]


async def test_an_ended_session_makes_none(service: Service) -> None:
    """Signing out everywhere ends a ceremony that was begun."""
    person, client = await service.signed_in()
    made = Authenticator().create(await creation_options(client))
    await client.post("/auth/logout-all")
    assert problem(await client.post(VERIFY, {"credential": made})) == (401, "session_revoked")
    assert await passkeys_of(service, person.id) == []


async def test_a_device_makes_one_only(service: Service) -> None:
    """What is listed in `excludeCredentials` is refused by the authenticator itself."""
    _, authenticator = await with_passkey(service)
    client = service.browser()
    await sign_in(client, authenticator)
    with pytest.raises(Excluded):
        authenticator.create(await creation_options(client))


async def test_names(service: Service) -> None:
    """The person's own; else the provider's; else the device's; numbered where there is one of that name."""
    _, authenticator = await with_passkey(service, Authenticator(aaguid=GOOGLE))
    client = service.browser()
    await sign_in(client, authenticator)
    names, none = [], UUID(int=0)
    for aaguid in (GOOGLE, GOOGLE, none, none):
        made = (await register(client, Authenticator(aaguid=aaguid))).json()
        names.append((made["name"], made["provider"]))
    made = (await register(client, Authenticator(aaguid=GOOGLE), name=" My e\u0301 ")).json()
    names.append((made["name"], made["provider"]))
    assert names == [
        ("Google Password Manager 2", "Google Password Manager"),
        ("Google Password Manager 3", "Google Password Manager"),
        ("Firefox on Linux", None),
        ("Firefox on Linux 2", None),
        ("My \u00e9", "Google Password Manager"),
    ]


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\nb", "a\x00", "\u202e", "\ufb2c" * 64])
async def test_a_name_that_is_none(service: Service, name: str) -> None:
    """Refused before the challenge is used up, so that another name will do."""
    _, client = await service.signed_in()
    made = Authenticator().create(await creation_options(client))
    answer = await client.post(VERIFY, {"credential": made, "name": name})
    assert problem(answer) == (400, "validation_error")
    assert (await client.post(VERIFY, {"credential": made, "name": "x" * 64})).status_code == 201


async def test_fifty_are_enough(service: Service) -> None:
    """One more is refused, so that nobody fills the table."""
    person, authenticator = await with_passkey(service)
    client = service.browser()
    await sign_in(client, authenticator)
    await service.write(
        "INSERT INTO hybrid_auth_passkeys SELECT (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(),"
        " 'credential_id', '\\x' || encode(sha256((p.user_id::text || n)::bytea), 'hex')))).*"
        " FROM hybrid_auth_passkeys p, generate_series(1, 49) n WHERE p.user_id = :id",
        id=person.id,
    )
    assert problem(await register(client, Authenticator())) == (409, "conflict")
    assert len(await passkeys_of(service, person.id)) == 50


async def test_a_person_deleted_meanwhile_gets_none(service: Service) -> None:
    """The registration waits for the deletion that holds the person's row, and then finds nobody."""
    person, client = await service.signed_in()
    body = {"credential": Authenticator().create(await creation_options(client))}
    async with service.transaction() as transaction:
        await service.services.accounts.lock(transaction, person.id)
        registering = asyncio.create_task(client.post(VERIFY, body))
        await until_somebody_waits_for_a_lock(service)
        await service.services.sessions.revoke_all(transaction, person.id, reason="account_deleted")
        await transaction.execute(text("DELETE FROM hybrid_auth_users WHERE id = :id"), {"id": person.id})
    assert problem(await registering) == (401, "session_revoked")


@pytest.mark.parametrize("end", ["/auth/logout", "/auth/logout-all"])
async def test_a_body_that_comes_after_the_session_ended_adds_none(service: Service, end: str) -> None:
    """Who has stolen a session cannot keep a request open until its owner has signed out, and add a passkey then."""
    person, client = await service.signed_in()
    made = Authenticator().create(await creation_options(client))
    let_in, ended = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        let_in.set()
        await ended.wait()
        yield json.dumps({"credential": made}).encode()

    headers = {"authorization": f"Bearer {client.access_token}", "content-type": "application/json"}
    registering = asyncio.create_task(client.http.post(VERIFY, content=slowly(), headers=headers))
    await let_in.wait()
    assert (await client.post(end)).status_code in (200, 204)
    ended.set()
    assert problem(await registering) == (401, "session_revoked")
    assert await passkeys_of(service, person.id) == []


# --- conditional create ---------------------------------------------------------------------------------------------


async def test_a_silent_upgrade(service: Service) -> None:
    """After a password sign-in a passkey may be made without a gesture, and is no weaker when it is used."""
    person, client = await service.signed_in()
    authenticator = Authenticator(user_present=False, user_verified=False)
    options = await creation_options(client, **CONDITIONAL)
    answer = await client.post(VERIFY, {"credential": authenticator.create(options)})
    assert answer.status_code == 201, answer.text
    [row] = await passkeys_of(service, person.id)
    assert row["user_verified"] is False
    assert problem(await sign_in(service.browser(), authenticator)) == REFUSED
    authenticator.user_present = authenticator.user_verified = True
    assert (await sign_in(service.browser(), authenticator)).status_code == 200


async def test_only_a_silent_upgrade_goes_without_a_gesture(service: Service) -> None:
    """B-15 and B-21: what the challenge was issued for decides, not the response; all else is judged as ever."""
    person, client = await service.signed_in()
    assert problem(await register(client, Authenticator(), SILENT)) == REFUSED
    lying = Alteration(flags=lambda flags: flags & ~BE | BS)
    options = await creation_options(client, **CONDITIONAL)
    assert problem(await client.post(VERIFY, {"credential": Authenticator().create(options, lying)})) == REFUSED
    assert await passkeys_of(service, person.id) == []


async def test_when_it_is_not_the_moment(service: Service) -> None:
    """204: there is a passkey, the session was not opened by a password, or the person declined."""
    person, authenticator = await with_passkey(service)
    client = service.browser()
    await client.sign_in(person)
    await reauthenticate(client, authenticator)
    answer = await client.post(OPTIONS, CONDITIONAL)
    assert (answer.status_code, answer.content) == (204, b"")
    by_passkey = service.browser()
    await sign_in(by_passkey, authenticator)
    [passkey] = (await by_passkey.get("/auth/passkeys")).json()["passkeys"]
    assert (await by_passkey.delete(f"/auth/passkeys/{passkey['id']}")).status_code == 204
    assert (await by_passkey.post(OPTIONS, CONDITIONAL)).status_code == 204
    await client.sign_in(person)
    assert (await client.post(OPTIONS, CONDITIONAL)).status_code == 200


async def test_an_offer_can_be_declined_for_good(service: Service) -> None:
    """And taken up again; a passkey the person asks for is made all the same."""
    person, client = await service.signed_in()

    async def decline(declined: bool) -> None:
        answer = await client.send("PUT", "/auth/passkeys/offer", {"declined": declined})
        assert (answer.status_code, answer.content) == (204, b"")

    await decline(True)
    await client.post("/auth/logout")
    client.access_token = None
    await client.sign_in(person)
    assert (await client.get("/auth/passkeys")).json()["offer_declined"] is True
    assert (await client.post(OPTIONS, CONDITIONAL)).status_code == 204
    assert (await client.post(OPTIONS)).status_code == 200
    await decline(False)
    assert (await client.get("/auth/passkeys")).json()["offer_declined"] is False
    assert (await client.post(OPTIONS, CONDITIONAL)).status_code == 200


async def test_a_silent_upgrade_needs_a_recent_password(service: Service) -> None:
    """Not the session somebody left open."""
    _, client = await service.signed_in()
    service.clock.advance(seconds=301)
    await client.refresh()
    assert problem(await client.post(OPTIONS, CONDITIONAL)) == (403, "reauthentication_required")


async def test_there_is_no_other_mode(service: Service) -> None:
    """A mode unknown is refused, none is the ordinary one."""
    _, client = await service.signed_in()
    assert problem(await client.post(OPTIONS, {"mode": "silent"})) == (400, "validation_error")
    assert (await client.post(OPTIONS, {"mode": None})).status_code == 200
    assert (await client.post(OPTIONS, {})).status_code == 200
