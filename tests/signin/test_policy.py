"""`HYBRID_AUTH_REQUIRE_SECOND_FACTOR`: of whom a second factor is asked, and how somebody without one gets in."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.authenticator import Authenticator
from tests.support.passkeys import OPTIONS, register, sign_in, with_passkey
from tests.support.service import PASSWORD, Client, Person, Service, open_service, problem
from tests.support.two_factor import (
    ACTIVATE,
    ENROLL,
    INVALID_CODE,
    begin,
    first_step,
    is_asked,
    recover,
    second_step,
    sign_in_with_app,
    turn_on,
    with_app,
)

INVALID = (401, "invalid_token")
LAST = (409, "last_sign_in_method")


@pytest.fixture(scope="module")
async def strict(module_database_url: str, redis_server: EmbeddedRedis) -> AsyncIterator[Service]:
    """A service that asks a second factor of everybody, on the stores of the one that does not."""
    settings = {"require_second_factor": "all", "email_verification": "optional"}
    async with open_service(module_database_url, redis_server.url, **settings) as running:
        yield running


@pytest.fixture(scope="module")
async def for_admins(module_database_url: str, redis_server: EmbeddedRedis) -> AsyncIterator[Service]:
    """A service that asks it of administrators, on the same stores."""
    async with open_service(module_database_url, redis_server.url, require_second_factor="admins") as running:
        yield running


async def promote(service: Service, person: Person) -> None:
    """Make an administrator of somebody."""
    await service.write("UPDATE hybrid_auth_users SET roles = '{admin}' WHERE id = :id", id=person.id)
    async with service.transaction() as transaction:
        await service.services.sessions.person_changed(transaction, person.id)


async def enrolling(service: Service, person: Person, *, native: bool = False) -> Client:
    """A client with the enrolment token that a right password got, for a bearer."""
    client = service.native() if native else service.browser()
    answer = await client.post("/auth/login", person.credentials)
    assert answer.status_code == 200, answer.text
    assert answer.json()["methods"] == []
    client.access_token = answer.json()["enrolment_token"]
    return client


async def test_of_whom_it_is_asked(service: Service, for_admins: Service, strict: Service) -> None:
    """Whoever turned it on, always; an administrator, or everybody, where policy says so."""
    person, admin = await service.person(), await service.person()
    await promote(service, admin)
    with_totp, _, _ = await with_app(service)
    asked = {
        name: [await is_asked(running.browser(), somebody) for somebody in (person, admin, with_totp)]
        for name, running in (("off", service), ("admins", for_admins), ("all", strict))
    }
    assert asked == {"off": [False, False, True], "admins": [False, True, True], "all": [True, True, True]}


async def test_a_person_without_one_is_let_in_to_enrol(strict: Service) -> None:
    """The password brings no session, but a token for fifteen minutes."""
    person = await strict.person()
    answer = await strict.browser().post("/auth/login", person.credentials)
    result = answer.json()
    assert result.keys() == {"status", "mfa_token", "expires_in", "methods", "enrolment_token"}
    assert (result["status"], result["methods"]) == ("second_factor_required", [])
    assert "set-cookie" not in answer.headers
    refused = await second_step(strict.browser(), result["mfa_token"], "123456")
    assert problem(refused) == INVALID_CODE


@pytest.mark.parametrize("native", [False, True])
async def test_in_by_an_authenticator_app(strict: Service, native: bool) -> None:
    """Enrolled, activated and signed in with both factors; from then on the code is asked."""
    person = await strict.person()
    client = await enrolling(strict, person, native=native)
    app = await begin(strict, client)
    kind = {"client": "native"} if native else {}
    answer = await client.post(ACTIVATE, {"code": app.code(), **kind})
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"recovery_codes", "sign_in"}
    signed_in = answer.json()["sign_in"]
    assert signed_in["status"] == "authenticated"
    assert (signed_in["session"]["amr"], signed_in["session"]["aal"]) == (["pwd", "otp", "mfa"], 2)
    assert signed_in["user"]["totp_enabled"] is True
    assert signed_in["user"]["recovery_codes_remaining"] == 10
    assert ("refresh_token" in signed_in, "set-cookie" in answer.headers) == (native, not native)
    client.access_token, client.refresh_token = signed_in["access_token"], signed_in.get("refresh_token")
    assert await client.is_signed_in()
    assert (await client.refresh()).status_code == 200
    assert (await recover(strict.browser(), person, answer.json()["recovery_codes"][0])).status_code == 200
    assert (await sign_in_with_app(strict.browser(), person, app)).status_code == 200


async def test_in_by_a_passkey(strict: Service) -> None:
    """Two factors in one; the password then leads to the passkey."""
    person, authenticator = await strict.person(), Authenticator()
    client = await enrolling(strict, person)
    answer = await register(client, authenticator)
    assert answer.status_code == 201, answer.text
    signed_in = answer.json()["sign_in"]
    assert (signed_in["status"], signed_in["session"]["aal"]) == ("authenticated", 2)
    client.access_token = signed_in["access_token"]
    assert await client.is_signed_in()
    assert (await sign_in(strict.browser(), authenticator)).status_code == 200
    answer = await strict.browser().post("/auth/login", person.credentials)
    assert (answer.json()["status"], answer.json()["methods"]) == ("second_factor_required", ["passkey"])
    assert "enrolment_token" not in answer.json()


async def test_the_token_enrols_once(strict: Service) -> None:
    """What it was used for is done; it opens nothing any more."""
    person = await strict.person()
    client = await enrolling(strict, person)
    app = await begin(strict, client)
    assert problem(await client.post(ACTIVATE, {"code": app.wrong_code()})) == INVALID_CODE
    assert (await client.post(ACTIVATE, {"code": app.code()})).status_code == 200
    for path, body in (
        (ENROLL, None),
        (ACTIVATE, {"code": app.next_code()}),
        ("/auth/passkeys/registration/options", None),
    ):
        assert problem(await client.post(path, body)) == INVALID


@pytest.mark.parametrize("first", ["app", "passkey"])
async def test_a_token_of_before_enrols_nothing_beside_the_first_factor(strict: Service, first: str) -> None:
    """Somebody who knows the password and kept a token must not add a factor of their own once there is one."""
    person = await strict.person()
    owner, thief = await enrolling(strict, person), await enrolling(strict, person)
    if first == "app":
        assert (await owner.post(ACTIVATE, {"code": (await begin(strict, owner)).code()})).status_code == 200
    else:
        assert (await register(owner, Authenticator())).status_code == 201
    assert problem(await thief.post(ENROLL)) == INVALID
    assert problem(await thief.post(OPTIONS)) == INVALID


async def test_it_waits_where_it_was_begun(strict: Service, service: Service) -> None:
    """What a session began, no token finishes, nor the other way round."""
    person, client = await service.signed_in()
    app = await begin(service, client)
    token = await enrolling(strict, person)
    assert problem(await token.post(ACTIVATE, {"code": app.code()})) == (409, "conflict")
    theirs = await begin(strict, token)
    assert problem(await client.post(ACTIVATE, {"code": theirs.code()})) == (409, "conflict")


async def test_what_waits_before_the_token_is_over_with_it(strict: Service) -> None:
    """Signed out everywhere, disabled: neither call."""
    person = await strict.person()
    client = await enrolling(strict, person)
    app = await begin(strict, client)
    async with strict.transaction() as transaction:
        await strict.services.sessions.revoke_all(transaction, person.id, reason="signed_out_everywhere")
    assert problem(await client.post(ACTIVATE, {"code": app.code()})) == INVALID
    assert problem(await client.post(ENROLL)) == INVALID


async def test_a_confirmed_address_is_no_first_factor(strict: Service) -> None:
    """The token of a mailed link adds a passkey, never an app: a code alone would be all there is."""
    email, client = f"{uuid4().hex}@example.org", strict.browser()
    assert (await client.post("/auth/register", {"email": email})).status_code == 202
    [mail] = await strict.mails_to(email)
    client.access_token = (await client.post("/auth/email/verify", {"token": mail.token})).json()["enrolment_token"]
    assert problem(await client.post(ENROLL)) == INVALID
    assert problem(await client.post(ACTIVATE, {"code": "123456"})) == INVALID
    answer = await register(client, Authenticator())
    assert answer.json()["sign_in"]["session"]["aal"] == 2


@pytest.mark.parametrize("native", [False, True])
async def test_sessions_of_before_the_policy_end(service: Service, strict: Service, native: bool) -> None:
    """Opened by a password alone: neither checked nor refreshed; those with both factors go on."""
    person, client = await service.signed_in(native=native)
    await _carry_over(service, strict, client)
    assert problem(await client.get("/auth/me")) == (401, "session_revoked")
    assert problem(await client.refresh()) == (401, "invalid_refresh_token")
    assert problem(await client.get("/auth/sessions")) == (401, "session_revoked")
    _, kept = await service.signed_in(native=native)
    await turn_on(service, kept)
    await kept.refresh()
    await _carry_over(service, strict, kept)
    assert await kept.is_signed_in()
    assert (await kept.refresh()).status_code == 200
    await enrolling(strict, person)


async def _carry_over(service: Service, strict: Service, client: Client) -> None:
    """The client talks to the same installation, started again with the policy."""
    moved = strict.native() if client.native else strict.browser()
    for cookie in client.http.cookies.jar:
        moved.http.cookies.set(cookie.name, cookie.value or "", domain="localhost.local", path="/")
    strict.clock.advance(seconds=(service.clock.now() - strict.clock.now()).total_seconds())
    client.http = moved.http


async def test_who_becomes_an_administrator_signs_in_again(for_admins: Service) -> None:
    """Their session of one factor is over with the promotion, one of two goes on."""
    person, client = await for_admins.signed_in()
    other, strong = await for_admins.signed_in()
    await turn_on(for_admins, strong)
    assert await client.is_signed_in()
    await promote(for_admins, person)
    await promote(for_admins, other)
    assert problem(await client.get("/auth/me")) == (401, "session_revoked")
    assert problem(await client.refresh()) == (401, "invalid_refresh_token")
    assert await strong.is_signed_in()
    assert (await strong.refresh()).status_code == 200


async def test_the_last_second_factor_stays(strict: Service) -> None:
    """A-28: 409, and everything is as it was; with another one it goes."""
    person = await strict.person()
    client = await enrolling(strict, person)
    app = await begin(strict, client)
    answer = (await client.post(ACTIVATE, {"code": app.code()})).json()
    client.access_token = answer["sign_in"]["access_token"]
    assert problem(await client.delete("/auth/totp")) == LAST
    assert (await client.get("/auth/me")).json()["totp_enabled"] is True
    assert (await recover(strict.browser(), person, answer["recovery_codes"][0])).status_code == 200
    authenticator = Authenticator()
    made = await register(client, authenticator)
    assert (await client.delete("/auth/totp")).status_code == 204
    assert problem(await client.delete(f"/auth/passkeys/{made.json()['id']}")) == LAST
    assert (await sign_in(strict.browser(), authenticator)).status_code == 200


async def test_where_nothing_is_required_the_last_one_goes(service: Service) -> None:
    """The password opens the account by itself."""
    _, client, _ = await with_app(service)
    assert (await client.delete("/auth/totp")).status_code == 204
    person, authenticator = await with_passkey(service)
    browser = service.browser()
    await sign_in(browser, authenticator)
    [passkey] = (await browser.get("/auth/passkeys")).json()["passkeys"]
    assert (await browser.delete(f"/auth/passkeys/{passkey['id']}")).status_code == 204
    assert not await is_asked(service.browser(), person)


async def test_of_two_last_ones_removed_at_once_one_stays(strict: Service) -> None:
    """A-75: two requests that each find the other factor."""
    person = await strict.person()
    client = await enrolling(strict, person)
    app = await begin(strict, client)
    client.access_token = (await client.post(ACTIVATE, {"code": app.code()})).json()["sign_in"]["access_token"]
    made = await register(client, Authenticator())
    answers = await asyncio.gather(client.delete("/auth/totp"), client.delete(f"/auth/passkeys/{made.json()['id']}"))
    assert sorted(answer.status_code for answer in answers) == [204, 409]


async def test_registering_under_the_policy(strict: Service) -> None:
    """Where an address may be confirmed later: the account is there, and lets its owner in to enrol."""
    email, client = f"{uuid4().hex}@example.org", strict.browser()
    answer = await client.post("/auth/register", {"email": email, "password": PASSWORD})
    assert answer.status_code == 201
    assert (answer.json()["status"], answer.json()["methods"]) == ("second_factor_required", [])
    assert "set-cookie" not in answer.headers
    client.access_token = answer.json()["enrolment_token"]
    app = await begin(strict, client)
    answer = await client.post(ACTIVATE, {"code": app.code()})
    assert answer.json()["sign_in"]["status"] == "authenticated"


async def test_recovery_codes_for_who_must_have_a_second_factor(strict: Service) -> None:
    """Somebody with a passkey alone may make some: they sign in beside the password when the passkey is lost."""
    person = await strict.person()
    client = await enrolling(strict, person)
    client.access_token = (await register(client, Authenticator())).json()["sign_in"]["access_token"]
    codes = (await client.post("/auth/recovery-codes")).json()["recovery_codes"]
    answer = await strict.browser().post("/auth/login", person.credentials)
    assert answer.json()["methods"] == ["recovery_code", "passkey"]
    signed_in = await recover(strict.browser(), person, codes[0])
    assert signed_in.json()["session"]["aal"] == 2
    token = await first_step(strict.browser(), person)
    assert problem(await second_step(strict.browser(), token, "123456")) == INVALID_CODE
