"""Signing in with a passkey: nobody is named, and what is proven is said."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from structlog.testing import capture_logs

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.passkeys.test_mutated_registration import everything
from tests.support.authenticator import BS, Alteration, Authenticator, unb64
from tests.support.passkeys import (
    SIGN_IN,
    SIGN_IN_OPTIONS,
    creation_options,
    passkey_only,
    passkeys_of,
    reauthenticate,
    register,
    request_options,
    sign_in,
    with_passkey,
)
from tests.support.service import Service, open_service, problem, same_for_all

REFUSED = (400, "passkey_verification_failed")


def bound() -> Authenticator:
    """A security key that counts."""
    return Authenticator(backup_eligible=False, backed_up=False, counts=True)


def claims(access_token: str) -> dict[str, Any]:
    """What an access token says, unverified."""
    found: dict[str, Any] = json.loads(unb64(access_token.split(".")[1]))
    return found


@pytest.mark.parametrize(("authenticator", "key"), [(Authenticator(), "swk"), (bound(), "hwk")])
async def test_one_gesture_is_two_factors(service: Service, authenticator: Authenticator, key: str) -> None:
    """The session and its token say a verified key, bound or synced, and assurance level 2."""
    person, _ = await with_passkey(service, authenticator)
    answer = await sign_in(service.browser(), authenticator)
    result = answer.json()
    assert result["status"] == "authenticated"
    assert result["user"]["id"] == str(person.id)
    assert result["user"]["passkey_count"] == 1
    assert (result["session"]["amr"], result["session"]["aal"]) == ([key, "user", "mfa"], 2)
    token = claims(result["access_token"])
    assert (token["amr"], token["acr"]) == ([key, "user", "mfa"], "aal2")


async def test_a_browser_gets_a_cookie_and_a_native_client_a_token(service: Service) -> None:
    """Each works in the transport it was issued for."""
    _, authenticator = await with_passkey(service)
    browser, native = service.browser(), service.native()
    answer = await sign_in(browser, authenticator)
    assert "refresh_token" not in answer.json()
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert (await browser.refresh()).status_code == 200
    answer = await sign_in(native, authenticator)
    assert "set-cookie" not in answer.headers
    assert (await native.refresh()).status_code == 200


async def test_the_earlier_session_of_the_browser_ends(service: Service) -> None:
    """Nothing planted in a browser before a sign-in survives it."""
    _, authenticator = await with_passkey(service)
    browser = service.browser()
    first = (await sign_in(browser, authenticator)).json()["access_token"]
    await sign_in(browser, authenticator)
    assert problem(await service.browser().get("/auth/me", authorization=f"Bearer {first}")) == (401, "session_revoked")


async def test_a_sign_in_is_recorded(service: Service) -> None:
    """When it was last used, and whether it is backed up by now."""
    person, authenticator = await with_passkey(service, Authenticator(backed_up=False))
    [before] = await passkeys_of(service, person.id)
    assert (before["backed_up"], before["last_used_at"]) == (False, None)
    authenticator.backed_up = True
    client = service.browser()
    await sign_in(client, authenticator)
    [listed] = (await client.get("/auth/passkeys")).json()["passkeys"]
    assert listed["backed_up"] is True
    assert listed["device_type"] == "multi_device"
    assert listed["last_used_at"] == service.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    await sign_in(client, authenticator, Alteration(flags=lambda flags: flags & ~BS))
    [listed] = (await client.get("/auth/passkeys")).json()["passkeys"]
    assert listed["backed_up"] is False


async def test_an_unknown_passkey_is_told_apart(service: Service) -> None:
    """So that the browser can have it removed from the authenticator; the challenge is used up all the same."""
    _, client = await service.signed_in()
    stranger = Authenticator()
    stranger.create(await creation_options(client))
    browser = service.browser()
    body = {"credential": stranger.get(await request_options(browser))}
    answer = await browser.post(SIGN_IN, body)
    assert problem(answer) == (401, "unknown_passkey")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "set-cookie" not in answer.headers
    assert problem(await browser.post(SIGN_IN, body)) == REFUSED


async def test_a_disabled_account_stays_shut(service: Service) -> None:
    """It is said only after a right proof, and the use is not recorded."""
    person, authenticator = await with_passkey(service, bound())
    await service.disable(person)
    before = await everything(service)
    wrong = Alteration(signature=lambda signature: signature[:-1])
    assert problem(await sign_in(service.browser(), authenticator, wrong)) == REFUSED
    assert problem(await sign_in(service.browser(), authenticator)) == (403, "account_disabled")
    assert await everything(service) == before


async def test_an_unverified_address_does_not_sign_in(service: Service) -> None:
    """Where addresses must be confirmed, a passkey does not get around it."""
    person, authenticator = await with_passkey(service)
    await service.write("UPDATE hybrid_auth_users SET email_verified_at = NULL WHERE id = :id", id=person.id)
    assert problem(await sign_in(service.browser(), authenticator)) == (403, "email_not_verified")


async def test_an_unverified_address_may_sign_in_where_that_is_optional(
    database_url: str, redis_server: EmbeddedRedis
) -> None:
    """`HYBRID_AUTH_EMAIL_VERIFICATION=optional` holds for passkeys too."""
    async with open_service(database_url, redis_server.url, email_verification="optional") as service:
        client = service.browser()
        email = f"{uuid4().hex}@example.org"
        client.keep(await client.post("/auth/register", {"email": email, "password": "seven quiet herons at dusk"}))
        authenticator = Authenticator()
        assert (await register(client, authenticator)).status_code == 201
        assert (await sign_in(service.browser(), authenticator)).status_code == 200


# --- the counter ----------------------------------------------------------------------------------------------------


async def test_a_counter_goes_up(service: Service) -> None:
    """§7.2 step 24: the newest is kept."""
    person, authenticator = await with_passkey(service, bound())
    for expected in (1, 2):
        assert (await sign_in(service.browser(), authenticator)).status_code == 200
        assert [row["sign_count"] for row in await passkeys_of(service, person.id)] == [expected]
    authenticator.credentials[0].sign_count = 2**32 - 2
    assert (await sign_in(service.browser(), authenticator)).status_code == 200


@pytest.mark.parametrize("count", [4, 3, -1], ids=["equal", "lower", "zero"])
async def test_a_device_bound_counter_that_goes_back_is_refused(service: Service, count: int) -> None:
    """B-56: there are two of a key of which there can be one: refused, flagged, and its owner is told."""
    person, authenticator = await with_passkey(service, bound())
    [credential] = authenticator.credentials
    credential.sign_count = 4
    await sign_in(service.browser(), authenticator)
    sessions = await service.rows("SELECT id FROM hybrid_auth_sessions ORDER BY id")
    credential.sign_count = count
    with capture_logs() as entries:
        assert problem(await sign_in(service.browser(), authenticator)) == REFUSED
    [flagged] = await passkeys_of(service, person.id)
    assert flagged["sign_count"] == 5
    assert flagged["suspected_at"] is not None
    assert await service.rows("SELECT id FROM hybrid_auth_sessions ORDER BY id") == sessions
    assert {"passkey.counter_went_back", "passkey.ceremony_refused"} == {entry["event"] for entry in entries}
    mails = await service.mails_to(person.email, count=2)
    assert [mail.subject for mail in mails if "refused" in mail.subject] == [
        "A sign-in to your Hybrid Auth account was refused"
    ]

    credential.sign_count = 5
    client = service.browser()
    assert (await sign_in(client, authenticator)).status_code == 200
    [listed] = (await client.get("/auth/passkeys")).json()["passkeys"]
    assert listed["suspected"] is True


async def test_a_copy_of_a_key_to_a_disabled_account_is_flagged_only(service: Service) -> None:
    """Nobody is written to who cannot sign in anyway."""
    person, authenticator = await with_passkey(service, bound())
    await service.mails_to(person.email)
    authenticator.credentials[0].sign_count = 4
    await sign_in(service.browser(), authenticator)
    await service.disable(person)
    authenticator.credentials[0].sign_count = 1
    assert problem(await sign_in(service.browser(), authenticator)) == REFUSED
    [row] = await passkeys_of(service, person.id)
    assert row["suspected_at"] is not None
    await service.post_mails()
    assert len(await service.mails_to(person.email)) == 1


async def test_a_key_that_never_counts_is_fine(service: Service) -> None:
    """§7.2 step 22: zero and zero say nothing."""
    _, authenticator = await with_passkey(service, Authenticator(backup_eligible=False, backed_up=False))
    for _ in range(2):
        assert (await sign_in(service.browser(), authenticator)).status_code == 200


async def test_a_synced_counter_that_goes_back_is_only_recorded(service: Service) -> None:
    """Each device of a provider may count for itself."""
    person, authenticator = await with_passkey(service, Authenticator(counts=True))
    [credential] = authenticator.credentials
    credential.sign_count = 9
    await sign_in(service.browser(), authenticator)
    credential.sign_count = 2
    with capture_logs() as entries:
        assert (await sign_in(service.browser(), authenticator)).status_code == 200
    assert [entry["event"] for entry in entries] == ["passkey.counter_went_back"]
    [row] = await passkeys_of(service, person.id)
    assert (row["sign_count"], row["suspected_at"]) == (10, None)


async def test_the_signature_is_judged_before_the_counter(service: Service) -> None:
    """Else anybody who has seen a credential id could raise an alarm about it."""
    person, authenticator = await with_passkey(service, bound())
    [credential] = authenticator.credentials
    credential.sign_count = 6
    await sign_in(service.browser(), authenticator)
    credential.sign_count = 1
    forged = Alteration(signature=lambda signature: signature[:-2] + b"\x00\x00")
    assert problem(await sign_in(service.browser(), authenticator, forged)) == REFUSED
    [row] = await passkeys_of(service, person.id)
    assert row["suspected_at"] is None


async def test_a_counter_is_judged_when_proving_again_too(service: Service) -> None:
    """Step-up is no way around it."""
    person, authenticator = await with_passkey(service, bound())
    client = service.browser()
    authenticator.credentials[0].sign_count = 6
    await sign_in(client, authenticator)
    authenticator.credentials[0].sign_count = 1
    assert problem(await reauthenticate(client, authenticator)) == REFUSED
    [row] = await passkeys_of(service, person.id)
    assert row["suspected_at"] is not None


# --- what the options tell ------------------------------------------------------------------------------------------


async def test_options_say_nothing_about_anybody(service: Service) -> None:
    """The same for all but the challenge: no account is named, so none can be probed for."""
    await passkey_only(service)
    _, signed_in = await service.signed_in()
    by_cookie = service.browser()
    by_cookie.http.cookies = signed_in.http.cookies
    answers = []
    with service.counting() as work:
        for client in (service.browser(), by_cookie, service.native()):
            answer = await client.http.post(SIGN_IN_OPTIONS)
            options = answer.json()
            text = answer.text.replace(options["challenge"], "*")
            answers.append(httpx.Response(answer.status_code, headers=answer.headers, text=text))
            assert options["allowCredentials"] == []
            assert options["userVerification"] == "required"
            assert options["rpId"] == "localhost"
    same_for_all(answers)
    assert work.statements == []


async def test_options_with_a_bearer_name_ones_own_passkeys(service: Service) -> None:
    """For proving again: only to somebody with a living session, only their own."""
    person, _ = await with_passkey(service)
    await with_passkey(service)
    _, client = await service.signed_in(person)
    options = await request_options(client)
    [listed] = (await client.get("/auth/passkeys")).json()["passkeys"]
    assert [entry["id"] for entry in options["allowCredentials"]] == [listed["credential_id"]]
    assert options["allowCredentials"][0]["transports"] == ["hybrid", "internal"]
    await client.post("/auth/logout")
    assert problem(await client.post(SIGN_IN_OPTIONS)) == (401, "session_revoked")
    assert problem(await service.browser().post(SIGN_IN_OPTIONS, authorization="Bearer x")) == (401, "invalid_token")
