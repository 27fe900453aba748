"""Proving again who one is, where there is an authenticator app: what opens a factor change, and for how long."""

from tests.passkeys.test_sign_in import claims
from tests.support.authenticator import Authenticator
from tests.support.passkeys import OPTIONS, reauthenticate, register
from tests.support.service import Client, Service, problem
from tests.support.two_factor import (
    ENROLL,
    INVALID_CODE,
    NOT_RECENT,
    sign_in_with_app,
    step_up,
    trusting,
    with_app,
)

CHANGES = [
    ("POST", ENROLL),
    ("DELETE", "/auth/totp"),
    ("POST", "/auth/recovery-codes"),
    ("POST", OPTIONS),
    ("DELETE", "/auth/me"),
]


async def _refused(client: Client) -> list[list[str]]:
    """The ways to prove oneself again that each factor change names; all must be refused."""
    answers = [await client.send(method, path) for method, path in CHANGES]
    assert [problem(answer) for answer in answers] == [NOT_RECENT] * len(CHANGES)
    return [answer.json()["methods"] for answer in answers]


async def test_a_second_factor_is_a_recent_proof_for_five_minutes(service: Service) -> None:
    """A-29: to the second, and no refresh prolongs it."""
    person, _, app = await with_app(service)
    client = service.browser()
    await sign_in_with_app(client, person, app)
    service.clock.advance(seconds=300)
    await client.refresh()
    assert (await client.post(OPTIONS)).status_code == 200
    service.clock.advance(seconds=1)
    await client.refresh()
    assert await _refused(client) == [["totp"]] * len(CHANGES)
    assert (await step_up(client, app.code())).status_code == 200
    assert (await client.post(OPTIONS)).status_code == 200


async def test_the_password_is_not_enough(service: Service) -> None:
    """A-26: it is accepted as a proof, and opens no factor change."""
    person, client, app = await with_app(service)
    service.clock.advance(minutes=6)
    await client.refresh()
    answer = await client.post("/auth/reauthenticate", {"method": "password", "password": person.password})
    assert answer.status_code == 200
    client.access_token = answer.json()["access_token"]
    assert await _refused(client) == [["totp"]] * len(CHANGES)
    assert (await step_up(client, app.code())).status_code == 200
    assert (await client.delete("/auth/totp")).status_code == 204


async def test_the_new_token_says_when_and_how(service: Service) -> None:
    """A session a trusted browser opened by the password has both factors from then on."""
    person, browser, app = await trusting(service)
    browser.keep(await browser.post("/auth/login", person.credentials))
    assert browser.access_token is not None
    assert claims(browser.access_token)["acr"] == "aal1"
    service.clock.advance(minutes=2)
    assert (await step_up(browser, app.code())).status_code == 200
    said = claims(browser.access_token)
    assert said["auth_time"] == int(service.clock.now().timestamp())
    assert (said["amr"], said["acr"]) == (["pwd", "otp", "mfa"], "aal2")
    assert (await browser.get("/auth/me")).json()["session"]["aal"] == 2


async def test_a_refused_code_proves_nothing(service: Service) -> None:
    """Nor does it take away what was proven."""
    _, client, app = await with_app(service)
    before = (await client.get("/auth/me")).json()["session"]
    service.clock.advance(minutes=1)
    assert problem(await step_up(client, app.wrong_code())) == INVALID_CODE
    assert (await client.get("/auth/me")).json()["session"] == before
    service.clock.advance(minutes=5)
    await client.refresh()
    assert problem(await step_up(client, app.wrong_code())) == INVALID_CODE
    assert problem(await client.delete("/auth/totp")) == NOT_RECENT


async def test_it_counts_in_this_session_alone(service: Service) -> None:
    """Proven here, not there."""
    person, here, app = await with_app(service)
    there = service.browser()
    await sign_in_with_app(there, person, app)
    service.clock.advance(minutes=6)
    for client in (here, there):
        await client.refresh()
    assert (await step_up(here, app.code())).status_code == 200
    assert problem(await there.delete("/auth/totp")) == NOT_RECENT
    assert (await here.delete("/auth/totp")).status_code == 204


async def test_with_a_passkey_there_are_two_ways(service: Service) -> None:
    """The passkey first; either is enough."""
    _, client, app = await with_app(service)
    authenticator = Authenticator()
    assert (await register(client, authenticator)).status_code == 201
    for way in ("passkey", "totp"):
        service.clock.advance(minutes=6)
        await client.refresh()
        assert await _refused(client) == [["passkey", "totp"]] * len(CHANGES)
        proven = reauthenticate(client, authenticator) if way == "passkey" else step_up(client, app.code())
        assert (await proven).status_code == 200
        assert (await client.post(ENROLL)).status_code == 200
