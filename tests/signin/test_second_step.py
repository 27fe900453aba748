"""The second step of a sign-in: what it takes, and what it answers."""

from tests.support.authenticator import UV, Alteration, Authenticator
from tests.support.passkeys import register, sign_in
from tests.support.service import Service, problem
from tests.support.two_factor import recover, sign_in_with_app, with_app


async def test_a_session_after_both_factors(service: Service) -> None:
    """Password and code: AAL2, and both in `amr`; the session that turned it on lives on."""
    person, first, app = await with_app(service)
    browser = service.browser()
    answer = await sign_in_with_app(browser, person, app)
    assert answer.json().keys() == {"status", "access_token", "token_type", "expires_in", "user", "session"}
    assert answer.json()["status"] == "authenticated"
    assert (answer.json()["session"]["amr"], answer.json()["session"]["aal"]) == (["pwd", "otp", "mfa"], 2)
    assert answer.json()["user"]["totp_enabled"] is True
    assert answer.json()["user"]["recovery_codes_remaining"] == 10
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert await browser.is_signed_in()
    assert (await browser.refresh()).status_code == 200
    assert await first.is_signed_in()


async def test_a_recovery_code_in_any_spelling(service: Service) -> None:
    """Small letters, spaces for dashes; used up in all of them."""
    person, _, app = await with_app(service)
    code = app.recovery_codes[0]
    assert (await recover(service.browser(), person, code.lower().replace("-", " "))).status_code == 200
    for spelling in (code, code.replace("-", ""), code.lower()):
        assert problem(await recover(service.browser(), person, spelling)) == (401, "invalid_code")


async def test_a_wrong_password_never_gets_there(service: Service) -> None:
    """The same refusal as for an account without a second factor: nothing tells which it is (A-88)."""
    person, _, _ = await with_app(service)
    other = await service.person()
    refused = [
        await service.browser().post("/auth/login", {"email": somebody.email, "password": "wrong horse"})
        for somebody in (person, other)
    ]
    assert [problem(answer) for answer in refused] == [(401, "invalid_credentials")] * 2
    assert refused[0].json() == refused[1].json()


async def test_a_passkey_is_two_factors_by_itself(service: Service) -> None:
    """A-35: no code is asked for after it, and without user verification it is no sign-in at all."""
    person, client, _ = await with_app(service)
    authenticator = Authenticator()
    assert (await register(client, authenticator)).status_code == 201
    touched = Alteration(flags=lambda flags: flags & ~UV)
    assert problem(await sign_in(service.browser(), authenticator, touched)) == (400, "passkey_verification_failed")
    answer = await sign_in(service.browser(), authenticator)
    assert (answer.json()["status"], answer.json()["session"]["aal"]) == ("authenticated", 2)
    answer = await service.browser().post("/auth/login", person.credentials)
    assert answer.json()["methods"] == ["totp", "recovery_code", "passkey"]
