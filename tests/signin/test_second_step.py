"""The second step of a sign-in."""

from tests.support.service import Service, problem
from tests.support.two_factor import first_step, sign_in_with_app, turn_on, with_app


async def test_a_session_after_both_factors(service: Service) -> None:
    """Password and code: AAL2, and both in `amr`."""
    person, first, app = await with_app(service)
    browser = service.browser()
    answer = await sign_in_with_app(browser, person, app)
    assert (answer.json()["session"]["amr"], answer.json()["session"]["aal"]) == (["pwd", "otp", "mfa"], 2)
    assert answer.json()["user"]["totp_enabled"] is True
    assert answer.json()["user"]["recovery_codes_remaining"] == 10
    assert await browser.is_signed_in()
    assert await first.is_signed_in()


async def test_the_session_that_turned_it_on_has_both_factors(service: Service) -> None:
    """Turning it on proves the second factor; every other session, opened by one, ends."""
    person, client = await service.signed_in()
    _, other = await service.signed_in(person)
    await turn_on(service, client)
    assert (await client.refresh()).status_code == 200
    me = (await client.get("/auth/me")).json()
    assert (me["session"]["aal"], me["session"]["amr"]) == (2, ["pwd", "otp", "mfa"])
    assert not await other.is_signed_in()
    assert (await other.refresh()).status_code == 401


async def test_a_recovery_code_works_once(service: Service) -> None:
    """In any spelling; the rest stays."""
    person, _, app = await with_app(service)
    browser = service.browser()
    code = app.recovery_codes[0].lower().replace("-", " ")
    token = await first_step(browser, person)
    answer = await browser.post("/auth/login/recovery-code", {"mfa_token": token, "code": code})
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["recovery_codes_remaining"] == 9
    again = service.browser()
    token = await first_step(again, person)
    answer = await again.post("/auth/login/recovery-code", {"mfa_token": token, "code": code})
    assert problem(answer) == (401, "invalid_code")


async def test_a_trusted_browser_is_not_asked(service: Service) -> None:
    """Until it is told otherwise; the session has one factor only."""
    person, _, app = await with_app(service)
    browser = service.browser()
    await sign_in_with_app(browser, person, app, trust_browser=True)
    answer = await browser.post("/auth/login", person.credentials)
    assert answer.json()["status"] == "authenticated"
    assert (answer.json()["session"]["amr"], answer.json()["session"]["aal"]) == (["pwd"], 1)
    browser.keep(answer)
    assert problem(await browser.post("/auth/totp/enroll")) == (403, "reauthentication_required")
    [listed] = (await browser.get("/auth/trusted-browsers")).json()["trusted_browsers"]
    assert (await browser.delete(f"/auth/trusted-browsers/{listed['id']}")).status_code == 204
    await first_step(browser, person)


async def test_step_up_with_a_code(service: Service) -> None:
    """And not with a password."""
    person, client, app = await with_app(service)
    service.clock.advance(minutes=6)
    await client.refresh()
    refused = await client.delete("/auth/totp")
    assert problem(refused) == (403, "reauthentication_required")
    assert refused.json()["methods"] == ["totp"]
    answer = await client.post("/auth/reauthenticate", {"method": "password", "password": person.password})
    assert answer.status_code == 200
    assert problem(await client.delete("/auth/totp")) == (403, "reauthentication_required")
    answer = await client.post("/auth/reauthenticate", {"method": "totp", "code": app.code()})
    assert answer.status_code == 200, answer.text
    assert (await client.delete("/auth/totp")).status_code == 204
    assert (await client.get("/auth/me")).json()["totp_enabled"] is False
