"""Adding, replacing and removing an authenticator app."""

import re

import pytest

from tests.support.authenticator import Authenticator
from tests.support.passkeys import reauthenticate, register
from tests.support.service import OTHER_PASSWORD, Service, problem
from tests.support.two_factor import (
    ACTIVATE,
    ENROLL,
    INVALID_CODE,
    NOT_RECENT,
    begin,
    first_step,
    is_asked,
    recover,
    second_step,
    sign_in_with_app,
    step_up,
    trusting,
    turn_on,
    with_app,
)

NOTHING_WAITS = (409, "conflict")


async def test_one_that_waits_is_not_asked_for(service: Service) -> None:
    """Somebody who closes the page with the QR code must not be locked out by it."""
    person, client = await service.signed_in()
    await begin(service, client)
    answer = await service.browser().post("/auth/login", person.credentials)
    assert answer.json()["status"] == "authenticated"
    assert answer.json()["user"]["totp_enabled"] is False
    assert (await client.get("/auth/me")).json()["recovery_codes_remaining"] == 0


async def test_a_code_puts_it_in_force(service: Service) -> None:
    """Ten recovery codes, an AAL2 session here, every other one over, and a mail."""
    person, client = await service.signed_in()
    others = [(await service.signed_in(person, native=native))[1] for native in (False, True)]
    app = await begin(service, client)
    answer = await client.post(ACTIVATE, {"code": app.code()})
    assert answer.status_code == 200
    assert answer.json().keys() == {"recovery_codes"}
    codes = answer.json()["recovery_codes"]
    assert len(set(codes)) == len(codes) == 10
    assert all(re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){5}", code) for code in codes)
    me = (await client.get("/auth/me")).json()
    assert (me["totp_enabled"], me["recovery_codes_remaining"]) == (True, 10)
    assert (me["session"]["aal"], me["session"]["amr"]) == (2, ["pwd", "otp", "mfa"])
    for other in others:
        assert problem(await other.get("/auth/me")) == (401, "session_revoked")
        assert problem(await other.refresh()) == (401, "invalid_refresh_token")
    assert (await client.refresh()).status_code == 200
    [mail] = await service.mails_to(person.email)
    assert "Two-factor sign-in is on" in mail.subject
    assert app.secret not in mail.text
    assert not any(code in mail.text for code in codes)


async def test_what_was_shown_once_is_shown_nowhere_again(service: Service) -> None:
    """Neither the secret nor a recovery code."""
    _, client, app = await with_app(service)
    shown = [await client.get(path) for path in ("/auth/me", "/auth/sessions", "/auth/trusted-browsers")]
    for answer in shown:
        assert answer.status_code == 200
        assert app.secret not in answer.text
        assert not any(code in answer.text for code in app.recovery_codes)
    for path in (ENROLL, ACTIVATE, "/auth/totp", "/auth/recovery-codes"):
        assert problem(await client.get(path)) == (405, "method_not_allowed")


async def test_it_needs_a_recent_proof(service: Service) -> None:
    """A session found open in a library adds no app."""
    _, client = await service.signed_in()
    service.clock.advance(seconds=301)
    await client.refresh()
    answer = await client.post(ENROLL)
    assert problem(answer) == NOT_RECENT
    assert answer.json()["methods"] == ["password"]


async def test_it_waits_for_fifteen_minutes(service: Service) -> None:
    """Then its code activates nothing."""
    _, client = await service.signed_in()
    for waited, status in ((900, 409), (899, 200)):
        await client.post("/auth/reauthenticate", {"method": "password", "password": "seven quiet herons at dusk"})
        app = await begin(service, client)
        service.clock.advance(seconds=waited)
        await client.refresh()
        assert (await client.post(ACTIVATE, {"code": app.code()})).status_code == status


async def test_only_the_newest_one_waits(service: Service) -> None:
    """Asked for twice, the first secret is gone."""
    _, client = await service.signed_in()
    first = await begin(service, client)
    second = await begin(service, client)
    assert problem(await client.post(ACTIVATE, {"code": first.code()})) == INVALID_CODE
    assert (await client.post(ACTIVATE, {"code": second.code()})).status_code == 200


async def test_it_is_activated_in_the_session_that_began_it(service: Service) -> None:
    """Not in another one of the person, nor by somebody else (A-27)."""
    person, client = await service.signed_in()
    _, elsewhere = await service.signed_in(person)
    _, stranger = await service.signed_in()
    app = await begin(service, client)
    for other in (elsewhere, stranger):
        assert problem(await other.post(ACTIVATE, {"code": app.code()})) == NOTHING_WAITS
    theirs = await begin(service, stranger)
    assert problem(await stranger.post(ACTIVATE, {"code": app.code()})) == INVALID_CODE
    assert problem(await client.post(ACTIVATE, {"code": theirs.code()})) == INVALID_CODE
    assert (await client.post(ACTIVATE, {"code": app.code()})).status_code == 200


async def test_it_is_activated_once(service: Service) -> None:
    """Nothing waits afterwards, nor where nothing was begun; the codes of the first time stay good."""
    person, client, app = await with_app(service)
    _, other = await service.signed_in()
    for nobody, code in ((client, app.next_code()), (other, "123456")):
        assert problem(await nobody.post(ACTIVATE, {"code": code})) == NOTHING_WAITS
    assert (await recover(service.browser(), person, app.recovery_codes[0])).status_code == 200


@pytest.mark.parametrize("code", ["", "12345", "1234567", "٠٠٥٩٢٤", "abcdef"])
async def test_what_is_no_code_activates_nothing(service: Service, code: str) -> None:
    """A wrong one neither; the right one still does."""
    person, client = await service.signed_in()
    app = await begin(service, client)
    assert problem(await client.post(ACTIVATE, {"code": code})) == INVALID_CODE
    assert problem(await client.post(ACTIVATE, {"code": app.wrong_code()})) == INVALID_CODE
    assert not await is_asked(service.browser(), person)
    assert (await client.post(ACTIVATE, {"code": app.code()})).status_code == 200


async def test_an_app_whose_clock_runs_wrong_is_told_so(service: Service) -> None:
    """At once, not at the next sign-in; the hinted code is not good later either."""
    _, client = await service.signed_in()
    app = await begin(service, client)
    ahead = app.code(steps=3)
    answer = await client.post(ACTIVATE, {"code": ahead})
    assert problem(answer) == INVALID_CODE
    assert answer.json()["clock_drift"] == 90
    service.clock.advance(seconds=90)
    assert problem(await client.post(ACTIVATE, {"code": ahead})) == INVALID_CODE
    assert (await client.post(ACTIVATE, {"code": app.next_code()})).status_code == 200


async def test_the_code_that_activated_it_signs_nobody_in(service: Service) -> None:
    """A-20: it is used up, here and everywhere."""
    person, client = await service.signed_in()
    app = await begin(service, client)
    code = app.code()
    assert (await client.post(ACTIVATE, {"code": code})).status_code == 200
    browser = service.browser()
    assert problem(await second_step(browser, await first_step(browser, person), code)) == INVALID_CODE
    assert problem(await step_up(client, code)) == INVALID_CODE


async def test_the_old_app_stays_in_force_until_the_new_one_is(service: Service) -> None:
    """Replacing: what waits opens nothing, what is replaced nothing any more, its recovery codes included."""
    person, client, old = await with_app(service)
    new = await begin(service, client)
    browser = service.browser()
    refused = await second_step(browser, await first_step(browser, person), new.next_code())
    assert problem(refused) == INVALID_CODE
    assert (await sign_in_with_app(browser, person, old)).status_code == 200
    assert (await client.post(ACTIVATE, {"code": new.next_code()})).status_code == 200
    assert not await browser.is_signed_in()
    refused = await second_step(browser, await first_step(service.browser(), person), old.next_code())
    assert problem(refused) == INVALID_CODE
    assert problem(await recover(service.browser(), person, old.recovery_codes[0])) == INVALID_CODE
    assert (await sign_in_with_app(browser, person, new)).status_code == 200
    stored = await service.rows("SELECT activated_at FROM hybrid_auth_totp WHERE user_id = :id", id=person.id)
    assert len(stored) == 1


async def test_replacing_needs_more_than_the_password(service: Service) -> None:
    """A-27: with the password alone nobody puts their own app in the place of the old one."""
    person, browser, _ = await trusting(service)
    browser.keep(await browser.post("/auth/login", person.credentials))
    await browser.post("/auth/reauthenticate", {"method": "password", "password": person.password})
    answer = await browser.post(ENROLL)
    assert problem(answer) == NOT_RECENT
    assert answer.json()["methods"] == ["totp"]


async def test_switching_off_takes_the_codes_along(service: Service) -> None:
    """The password is enough again; the codes of before stay void when it is switched on once more."""
    person, client, app = await with_app(service)
    assert (await client.delete("/auth/totp")).status_code == 204
    me = (await client.get("/auth/me")).json()
    assert (me["totp_enabled"], me["recovery_codes_remaining"]) == (False, 0)
    assert not await is_asked(service.browser(), person)
    assert [mail.subject.split(" for ")[0] for mail in await service.mails_to(person.email, count=2)] == [
        "Two-factor sign-in is on",
        "Two-factor sign-in is off",
    ]
    again = await turn_on(service, client)
    assert problem(await recover(service.browser(), person, app.recovery_codes[0])) == INVALID_CODE
    assert (await recover(service.browser(), person, again.recovery_codes[0])).status_code == 200


async def test_switching_off_ends_what_waits_too(service: Service) -> None:
    """An enrolment begun before is over with it."""
    person, client, _ = await with_app(service)
    new = await begin(service, client)
    assert (await client.delete("/auth/totp")).status_code == 204
    assert problem(await client.post(ACTIVATE, {"code": new.code()})) == NOTHING_WAITS
    assert await service.rows("SELECT 1 FROM hybrid_auth_totp WHERE user_id = :id", id=person.id) == []


async def test_there_is_nothing_to_switch_off(service: Service) -> None:
    """404 where it is off, also where one waits."""
    _, client = await service.signed_in()
    assert problem(await client.delete("/auth/totp")) == (404, "not_found")
    await begin(service, client)
    assert problem(await client.delete("/auth/totp")) == (404, "not_found")


async def test_what_a_password_began_a_password_does_not_finish(service: Service) -> None:
    """Begun in a session of one factor, before the owner added a passkey elsewhere: by then it asks for more."""
    person, thief = await service.signed_in()
    app = await begin(service, thief)
    _, owner = await service.signed_in(person)
    authenticator = Authenticator()
    assert (await register(owner, authenticator)).status_code == 201
    answer = await thief.post(ACTIVATE, {"code": app.code()})
    assert problem(answer) == NOT_RECENT
    assert answer.json()["methods"] == ["passkey"]
    assert not await is_asked(service.browser(), person)
    assert (await reauthenticate(owner, authenticator)).status_code == 200
    await turn_on(service, owner)
    assert not await thief.is_signed_in()


async def test_what_waits_ends_with_its_session(service: Service) -> None:
    """A sign-out, or a change of password elsewhere, and its code puts nothing in force."""
    person, client = await service.signed_in()
    _, elsewhere = await service.signed_in(person)
    app = await begin(service, client)
    body = {"current_password": person.password, "new_password": OTHER_PASSWORD}
    assert (await elsewhere.post("/auth/password/change", body)).status_code == 204
    assert problem(await client.post(ACTIVATE, {"code": app.code()})) == (401, "session_revoked")
    assert problem(await elsewhere.post(ACTIVATE, {"code": app.code()})) == NOTHING_WAITS


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_no_other_page_activates(service: Service, origin: str) -> None:
    """The call may answer with a cookie."""
    _, client = await service.signed_in()
    app = await begin(service, client)
    answer = await client.post(ACTIVATE, {"code": app.code()}, origin=origin)
    assert problem(answer) == (403, "origin_not_allowed")
    assert (await client.post(ACTIVATE, {"code": app.code()})).status_code == 200
