"""Pending sign-ins: how long, how often, and for whom an `mfa_token` is good."""

import pytest

from tests.support.service import OTHER_PASSWORD, Service, problem
from tests.support.two_factor import (
    BY_RECOVERY_CODE,
    BY_TOTP,
    INVALID_CODE,
    INVALID_MFA_TOKEN,
    first_step,
    second_step,
    sign_in_with_app,
    turn_on,
    with_app,
)


async def test_what_the_first_step_answers(service: Service) -> None:
    """A token and the ways on; no session, no cookie, and nothing about the person."""
    person, _, _ = await with_app(service)
    browser = service.browser()
    answer = await browser.post("/auth/login", person.credentials)
    assert answer.status_code == 200
    result = answer.json()
    assert result.keys() == {"status", "mfa_token", "expires_in", "methods"}
    assert (result["status"], result["expires_in"]) == ("second_factor_required", 300)
    assert result["methods"] == ["totp", "recovery_code"]
    assert "set-cookie" not in answer.headers
    found = await service.rows("SELECT count(*) FROM hybrid_auth_sessions WHERE user_id = :id", id=person.id)
    await first_step(browser, person)
    assert await service.rows("SELECT count(*) FROM hybrid_auth_sessions WHERE user_id = :id", id=person.id) == found


async def test_only_its_digest_is_kept_and_only_for_five_minutes(service: Service) -> None:
    """Who reads Redis finishes nobody's sign-in."""
    person, _, _ = await with_app(service)
    async with service.redis() as redis:
        before = set(await redis.keys("*"))
        token = await first_step(service.browser(), person)
        [key] = set(await redis.keys("ha:pending:*")) - before
        kept = f"{key!r} {await redis.get(key)!r}"
        assert token not in kept
        assert token.removeprefix("mfa_") not in kept
        assert person.email not in kept
        assert 290_000 < await redis.pttl(key) <= 300_000


async def test_it_is_good_for_five_minutes(service: Service) -> None:
    """By the service's clock too, whatever Redis' says."""
    person, _, app = await with_app(service)
    client = service.browser()
    for waited, expected in ((299, 200), (300, 401)):
        token = await first_step(client, person)
        service.clock.advance(seconds=waited)
        answer = await second_step(client, token, app.code())
        assert answer.status_code == expected
    assert problem(answer) == INVALID_MFA_TOKEN


async def test_it_is_good_once(service: Service) -> None:
    """Also with another code, and by the other call."""
    person, _, app = await with_app(service)
    client = service.browser()
    token = await first_step(client, person)
    assert (await second_step(client, token, app.next_code())).status_code == 200
    assert problem(await second_step(client, token, app.next_code())) == INVALID_MFA_TOKEN
    assert problem(await second_step(client, token, app.recovery_codes[0], BY_RECOVERY_CODE)) == INVALID_MFA_TOKEN


async def test_it_belongs_to_who_gave_the_first_factor(service: Service) -> None:
    """A-36: begun as one, finished with the other's code: neither is signed in."""
    person, _, app = await with_app(service)
    other, _, theirs = await with_app(service)
    client = service.native()
    token, their_token = await first_step(client, person), await first_step(client, other)
    service.clock.advance(seconds=30)
    assert problem(await second_step(client, token, theirs.code())) == INVALID_CODE
    assert problem(await second_step(client, their_token, app.code())) == INVALID_CODE
    answer = await second_step(client, token, app.code())
    assert answer.json()["user"]["email"] == person.email


@pytest.mark.parametrize(
    "token", ["", "mfa_", "mfa_" + "A" * 43, "enrol_" + "A" * 43, "x" * 128, "mfa_\0", "mfa_*", "ü"]
)
@pytest.mark.parametrize("path", [BY_TOTP, BY_RECOVERY_CODE])
async def test_a_token_nobody_gave_out(service: Service, token: str, path: str) -> None:
    """A-33: refused before a look at the code."""
    answer = await second_step(service.browser(), token, "123456", path)
    assert problem(answer) == INVALID_MFA_TOKEN
    assert answer.headers["www-authenticate"] == "Bearer"
    assert problem(await second_step(service.browser(), token, "no code", path)) == INVALID_MFA_TOKEN


async def test_tokens_of_other_kinds(service: Service) -> None:
    """A session's tokens, and an `mfa_token` with its prefix changed."""
    person, client, app = await with_app(service)
    mine = await first_step(service.browser(), person)
    for token in (client.session_id, mine.removeprefix("mfa_"), mine.upper(), f"{mine} ", mine + "A"):
        assert problem(await second_step(service.browser(), token, app.next_code())) == INVALID_MFA_TOKEN
    for too_long in (client.access_token or "", client.refresh_token or ""):
        answer = await second_step(service.browser(), too_long, app.code())
        assert problem(answer) == (400, "validation_error")


async def test_without_a_token(service: Service) -> None:
    """A-33: a field that must be there."""
    for path in (BY_TOTP, BY_RECOVERY_CODE):
        answer = await service.browser().post(path, {"code": "123456"})
        assert problem(answer) == (400, "validation_error")


@pytest.mark.parametrize("end", ["password", "everywhere", "others", "replaced", "disabled"])
async def test_what_ends_the_sessions_ends_it(service: Service, end: str) -> None:
    """Begun before, it opens nothing after: a half-finished sign-in is somebody's who may have to go."""
    person, client, app = await with_app(service)
    token = await first_step(service.browser(), person)
    if end == "password":
        body = {"current_password": person.password, "new_password": OTHER_PASSWORD}
        assert (await client.post("/auth/password/change", body)).status_code == 204
    elif end == "everywhere":
        assert (await client.post("/auth/logout-all")).status_code == 200
    elif end == "others":
        assert (await client.delete("/auth/sessions")).status_code == 200
    elif end == "replaced":
        app = await turn_on(service, client)
    else:
        await service.disable(person)
    answer = await second_step(service.browser(), token, app.next_code())
    assert problem(answer) == INVALID_MFA_TOKEN
    answer = await second_step(service.browser(), token, app.recovery_codes[0], BY_RECOVERY_CODE)
    assert problem(answer) == INVALID_MFA_TOKEN


async def test_a_refused_end_uses_nothing_up(service: Service) -> None:
    """The code that came with a dead token is good with a living one."""
    person, client, app = await with_app(service)
    token = await first_step(service.browser(), person)
    await client.delete("/auth/sessions")
    code = app.next_code()
    assert problem(await second_step(service.browser(), token, code)) == INVALID_MFA_TOKEN
    fresh = await first_step(service.browser(), person)
    assert (await second_step(service.browser(), fresh, code)).status_code == 200


async def test_switching_it_off_leaves_nothing_to_finish(service: Service) -> None:
    """There is no app any more to give a code of; the person signs in anew, with the password."""
    person, client, app = await with_app(service)
    token = await first_step(service.browser(), person)
    assert (await client.delete("/auth/totp")).status_code == 204
    assert problem(await second_step(service.browser(), token, app.next_code())) == INVALID_CODE
    answer = await second_step(service.browser(), token, app.recovery_codes[0], BY_RECOVERY_CODE)
    assert problem(answer) == INVALID_CODE


async def test_a_deleted_person_finishes_nothing(service: Service) -> None:
    person, client, app = await with_app(service)
    token = await first_step(service.browser(), person)
    assert (await client.delete("/auth/me")).status_code == 204
    answer = await second_step(service.browser(), token, app.next_code())
    assert answer.status_code == 401


async def test_the_session_before_ends_only_with_the_second_step(service: Service) -> None:
    """A password alone signs nobody out; the finished sign-in ends what this browser had."""
    person, _, app = await with_app(service)
    browser = service.browser()
    await sign_in_with_app(browser, person, app)
    before = browser.access_token
    token = await first_step(browser, person)
    assert await browser.is_signed_in()
    answer = await second_step(browser, token, app.next_code())
    browser.keep(answer)
    assert await browser.is_signed_in()
    browser.access_token = before
    assert not await browser.is_signed_in()


async def test_a_native_client_finishes_in_its_own_transport(service: Service) -> None:
    """The refresh token in the body and no cookie, by either kind of code; what was begun in a browser too."""
    person, _, app = await with_app(service)
    native = service.native()
    for code, path in ((app.next_code(), BY_TOTP), (app.recovery_codes[0], BY_RECOVERY_CODE)):
        answer = await second_step(native, await first_step(service.browser(), person), code, path)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        native.keep(answer)
        assert native.refresh_token
        assert (await native.refresh()).status_code == 200


@pytest.mark.parametrize("path", [BY_TOTP, BY_RECOVERY_CODE])
async def test_no_other_page_finishes_it(service: Service, path: str) -> None:
    """It answers with a cookie, so only our own pages may call it; nothing is counted or used up."""
    person, _, app = await with_app(service)
    token = await first_step(service.browser(), person)
    code = app.recovery_codes[0] if path == BY_RECOVERY_CODE else app.next_code()
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        answer = await service.http(headers=headers).post(path, json={"mfa_token": token, "code": code})
        assert problem(answer) == (403, "origin_not_allowed")
    assert (await second_step(service.browser(), token, code, path)).status_code == 200
