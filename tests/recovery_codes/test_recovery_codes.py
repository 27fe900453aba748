"""Recovery codes over HTTP: used once, replaced, and told of."""

from tests.support.passkeys import with_passkey
from tests.support.service import Service, problem
from tests.support.two_factor import (
    INVALID_CODE,
    NOT_RECENT,
    first_step,
    recover,
    second_step,
    sign_in_with_app,
    step_up,
    trusting,
    with_app,
)

CODES = "/auth/recovery-codes"


async def test_each_signs_in_once(service: Service) -> None:
    """All ten; the session has both factors, and everybody sees how many are left."""
    person, first, app = await with_app(service)
    for left, code in zip(range(9, -1, -1), app.recovery_codes, strict=True):
        browser = service.browser()
        answer = await recover(browser, person, code)
        assert answer.status_code == 200, answer.text
        assert answer.json()["user"]["recovery_codes_remaining"] == left
        assert (answer.json()["session"]["amr"], answer.json()["session"]["aal"]) == (["pwd", "otp", "mfa"], 2)
        assert (await first.get("/auth/me")).json()["recovery_codes_remaining"] == left
        if left:
            assert problem(await recover(browser, person, code)) == INVALID_CODE
    answer = await service.browser().post("/auth/login", person.credentials)
    assert answer.json()["methods"] == ["totp"]


async def test_a_use_is_told(service: Service) -> None:
    """A mail that says how many are left; the code itself is not in it."""
    person, _, app = await with_app(service)
    await recover(service.browser(), person, app.recovery_codes[0])
    _, mail = await service.mails_to(person.email, count=2)
    assert "A recovery code was used" in mail.subject
    assert "Recovery codes left: 9." in mail.text
    assert app.recovery_codes[0] not in mail.text


async def test_the_app_works_on(service: Service) -> None:
    """A code from the drawer switches nothing off."""
    person, _, app = await with_app(service)
    await recover(service.browser(), person, app.recovery_codes[3])
    assert (await sign_in_with_app(service.browser(), person, app)).status_code == 200


async def test_another_persons_code(service: Service) -> None:
    """Right for them, wrong here, and still good for them."""
    person, _, _ = await with_app(service)
    other, _, app = await with_app(service)
    assert problem(await recover(service.browser(), person, app.recovery_codes[0])) == INVALID_CODE
    assert (await recover(service.browser(), other, app.recovery_codes[0])).status_code == 200


async def test_neither_kind_of_code_is_taken_for_the_other(service: Service) -> None:
    """Each by its own call; a recovery code is no step-up."""
    person, client, app = await with_app(service)
    browser = service.browser()
    token = await first_step(browser, person)
    assert problem(await second_step(browser, token, app.recovery_codes[0])) == INVALID_CODE
    assert problem(await second_step(browser, token, app.next_code(), "/auth/login/recovery-code")) == INVALID_CODE
    assert problem(await step_up(client, app.recovery_codes[0])) == INVALID_CODE
    assert (await second_step(browser, token, app.code())).status_code == 200


async def test_no_browser_is_trusted_by_a_recovery_code(service: Service) -> None:
    """Who lost the app may be somebody who found the codes."""
    person, _, app = await with_app(service)
    browser = service.browser()
    token = await first_step(browser, person)
    body = {"trust_browser": True}
    answer = await second_step(browser, token, app.recovery_codes[0], "/auth/login/recovery-code", **body)
    assert problem(answer) == (400, "validation_error")
    answer = await second_step(browser, token, app.recovery_codes[0], "/auth/login/recovery-code")
    assert answer.status_code == 200
    assert not [cookie for cookie in answer.headers.get_list("set-cookie") if cookie.startswith("trusted")]


async def test_new_ones_void_the_old(service: Service) -> None:
    """Shown once, ten again, and told by mail."""
    person, client, app = await with_app(service)
    await recover(service.browser(), person, app.recovery_codes[0])
    answer = await client.post(CODES)
    assert answer.status_code == 200
    codes = answer.json()["recovery_codes"]
    assert len(set(codes)) == 10
    assert not set(codes) & set(app.recovery_codes)
    assert (await client.get("/auth/me")).json()["recovery_codes_remaining"] == 10
    assert problem(await recover(service.browser(), person, app.recovery_codes[1])) == INVALID_CODE
    assert (await recover(service.browser(), person, codes[0])).status_code == 200
    subjects = [mail.subject for mail in await service.mails_to(person.email, count=4)]
    assert [subject for subject in subjects if subject.startswith("New recovery codes")] != []


async def test_new_ones_need_a_recent_proof_of_the_second_factor(service: Service) -> None:
    """A-26: not a trusted browser, not the password, not a proof of long ago."""
    person, browser, app = await trusting(service)
    browser.keep(await browser.post("/auth/login", person.credentials))
    assert problem(await browser.post(CODES)) == NOT_RECENT
    await browser.post("/auth/reauthenticate", {"method": "password", "password": person.password})
    assert problem(await browser.post(CODES)) == NOT_RECENT
    await step_up(browser, app.next_code())
    assert (await browser.post(CODES)).status_code == 200
    service.clock.advance(seconds=301)
    await browser.refresh()
    refused = await browser.post(CODES)
    assert problem(refused) == NOT_RECENT
    assert refused.json()["methods"] == ["totp"]


async def test_nobody_has_codes_without_an_app(service: Service) -> None:
    """Nothing asks for them; a passkey alone brings none either."""
    _, client = await service.signed_in()
    assert problem(await client.post(CODES)) == (409, "conflict")
    person, _ = await with_passkey(service)
    assert (await service.browser().post("/auth/login", person.credentials)).json()["status"] == "authenticated"


async def test_a_code_that_was_used_stays_used_when_the_answer_is_lost(service: Service) -> None:
    """The same `mfa_token` and code once more: the sign-in is over."""
    person, _, app = await with_app(service)
    browser = service.browser()
    token = await first_step(browser, person)
    for expected in (200, 401):
        answer = await second_step(browser, token, app.recovery_codes[0], "/auth/login/recovery-code")
        assert answer.status_code == expected
    assert answer.json()["code"] == "invalid_mfa_token"


async def test_a_sign_in_by_a_code_is_a_recent_proof(service: Service) -> None:
    """Whoever lost the phone must be able to put another one in its place."""
    person, _, app = await with_app(service)
    browser = service.browser()
    browser.keep(await recover(browser, person, app.recovery_codes[0]))
    assert (await browser.post("/auth/totp/enroll")).status_code == 200
    assert (await browser.delete("/auth/totp")).status_code == 204
