"""Which codes are accepted, and that each is only once."""

import pytest

from tests.support.service import Person, Service, problem
from tests.support.two_factor import (
    BY_RECOVERY_CODE,
    FIRST_WAIT,
    INVALID_CODE,
    RATE_LIMITED,
    App,
    begin,
    first_step,
    second_step,
    step_up,
    with_app,
)


async def _sign_in(service: Service, person: Person, code: object) -> tuple[int, str]:
    """What a code answers as the second step of a fresh sign-in: 200, or the refusal."""
    client = service.native()
    answer = await second_step(client, await first_step(client, person), code)
    return (200, "") if answer.status_code == 200 else problem(answer)


async def test_a_code_is_good_once(service: Service) -> None:
    """A-20: neither at another sign-in, nor for a step-up, whichever came first."""
    person, client, app = await with_app(service)
    code = app.next_code()
    assert await _sign_in(service, person, code) == (200, "")
    assert await _sign_in(service, person, code) == INVALID_CODE
    assert problem(await step_up(client, code)) == INVALID_CODE
    code = app.next_code()
    assert (await step_up(client, code)).status_code == 200
    assert problem(await step_up(client, code)) == INVALID_CODE
    assert await _sign_in(service, person, code) == INVALID_CODE


@pytest.mark.parametrize("steps", [-1, 1])
async def test_one_step_either_way_is_accepted_once(service: Service, steps: int) -> None:
    """A clock that is half a minute wrong, or a person who types slowly."""
    person, _, app = await with_app(service)
    service.clock.advance(minutes=5)
    code = app.code(steps=steps)
    assert await _sign_in(service, person, code) == (200, "")
    assert await _sign_in(service, person, code) == INVALID_CODE


async def test_no_code_older_than_the_last_one(service: Service) -> None:
    """Once the next code was used, the present one and the one before are over though nobody used them."""
    person, _, app = await with_app(service)
    service.clock.advance(minutes=5)
    assert await _sign_in(service, person, app.code(steps=1)) == (200, "")
    assert await _sign_in(service, person, app.code()) == INVALID_CODE
    assert await _sign_in(service, person, app.code(steps=-1)) == INVALID_CODE
    assert await _sign_in(service, person, app.next_code()) == INVALID_CODE
    assert await _sign_in(service, person, app.next_code()) == (200, "")


@pytest.mark.parametrize(
    ("steps", "said"), [(-2, "1 min behind"), (2, "1 min ahead"), (-10, "5 min behind"), (10, "5 min ahead")]
)
async def test_a_farther_step_is_refused_with_a_hint(service: Service, steps: int, said: str) -> None:
    """A-21: nobody is let in, and somebody whose clock runs wrong learns why."""
    person, _, app = await with_app(service)
    service.clock.advance(minutes=10)
    client = service.browser()
    answer = await second_step(client, await first_step(client, person), app.code(steps=steps))
    assert problem(answer) == INVALID_CODE
    assert answer.json()["clock_drift"] == steps * 30
    assert said in answer.json()["detail"]


async def test_no_hint_for_what_fits_nowhere(service: Service) -> None:
    """Nor beyond five minutes: who guesses is told as little as can be."""
    person, _, app = await with_app(service)
    service.clock.advance(minutes=10)
    client = service.browser()
    token = await first_step(client, person)
    for code in (app.wrong_code(), app.code(steps=11), app.code(steps=-11)):
        answer = await second_step(client, token, code)
        assert problem(answer) == INVALID_CODE
        assert "clock_drift" not in answer.json()


async def test_a_code_hinted_at_is_refused_when_its_time_comes(service: Service) -> None:
    """Else a guesser would know a code that will be good."""
    person, _, app = await with_app(service)
    ahead = app.code(steps=4)
    assert await _sign_in(service, person, ahead) == INVALID_CODE
    service.clock.advance(seconds=4 * 30)
    assert app.code() == ahead
    assert await _sign_in(service, person, ahead) == INVALID_CODE
    assert await _sign_in(service, person, app.next_code()) == (200, "")


async def test_one_code_to_come_is_hinted_at_at_a_time(service: Service) -> None:
    """A second lucky guess must not make the first one good again; it is told nothing, so nothing is known of it."""
    person, client, app = await with_app(service)
    first, second = app.code(steps=3), app.code(steps=5)
    assert await _sign_in(service, person, first) == INVALID_CODE
    for _ in range(2):
        answer = await step_up(client, second)
        assert problem(answer) == INVALID_CODE
        assert "clock_drift" not in answer.json()
    assert (await step_up(client, first)).json()["clock_drift"] == 90
    service.clock.advance(seconds=3 * 30)
    assert await _sign_in(service, person, first) == INVALID_CODE
    service.clock.advance(seconds=2 * 30)
    assert await _sign_in(service, person, second) == (200, "")
    client = service.native()
    answer = await second_step(client, await first_step(client, person), app.code(steps=3))
    assert answer.json()["clock_drift"] == 90


async def test_a_hint_at_a_code_of_the_past_costs_nothing(service: Service) -> None:
    """It tells only what is over: the present code is good."""
    person, _, app = await with_app(service)
    service.clock.advance(minutes=5)
    assert await _sign_in(service, person, app.code(steps=-3)) == INVALID_CODE
    assert await _sign_in(service, person, app.code()) == (200, "")


async def test_a_code_of_a_secret_that_waits(service: Service) -> None:
    """A-21: it signs nobody in, and proves nothing."""
    person, client, _ = await with_app(service)
    waiting = await begin(service, client)
    assert await _sign_in(service, person, waiting.next_code()) == INVALID_CODE
    assert problem(await step_up(client, waiting.code())) == INVALID_CODE


async def test_step_up_without_an_app(service: Service) -> None:
    """A code of one that waits proves nothing; nor does any other."""
    _, client = await service.signed_in()
    for code in ((await begin(service, client)).code(), "000000"):
        assert problem(await step_up(client, code)) == INVALID_CODE


async def test_another_persons_code(service: Service) -> None:
    """A-33: right for them, wrong here."""
    person, client, _ = await with_app(service)
    _, _, other = await with_app(service)
    assert await _sign_in(service, person, other.next_code()) == INVALID_CODE
    assert problem(await step_up(client, other.code())) == INVALID_CODE


@pytest.mark.parametrize("code", ["", "12345", "1234567", "-12345", "٠٠٥٩٢٤", "12345x", "1e5000", "0x1234", "²²²²²²"])
async def test_what_cannot_be_a_code_costs_no_attempt(service: Service, code: str) -> None:
    """A-21: a slip of the hand is told from a guess; nothing is evaluated."""
    person, client, app = await with_app(service)
    token = await first_step(service.browser(), person)
    for _ in range(7):
        assert problem(await second_step(service.browser(), token, code)) == INVALID_CODE
        assert problem(await second_step(service.browser(), token, code, BY_RECOVERY_CODE)) == INVALID_CODE
        assert problem(await step_up(client, code)) == INVALID_CODE
    assert (await second_step(service.browser(), token, app.next_code())).status_code == 200


@pytest.mark.parametrize("code", [123456, 5924, 12345.6, True, None, ["123456"], {"code": "123456"}, "1" * 65])
async def test_a_code_is_a_short_text(service: Service, code: object) -> None:
    """A number has no leading zeros."""
    person, client, app = await with_app(service)
    token = await first_step(service.browser(), person)
    for path in ("/auth/login/totp", BY_RECOVERY_CODE):
        assert problem(await second_step(service.browser(), token, code, path)) == (400, "validation_error")
    assert problem(await step_up(client, code)) == (400, "validation_error")
    assert problem(await client.post("/auth/totp/activate", {"code": code})) == (400, "validation_error")
    assert (await second_step(service.browser(), token, app.next_code())).status_code == 200


async def test_six_zeros(service: Service) -> None:
    """A-21: a guess like any other."""
    person, client, app = await with_app(service)
    while "000000" in {app.code(steps=steps) for steps in range(-12, 13)}:
        service.clock.advance(minutes=15)
    assert await _sign_in(service, person, "000000") == INVALID_CODE
    assert problem(await step_up(client, "000000")) == INVALID_CODE


async def test_spacing_is_as_apps_show_it(service: Service) -> None:
    """``123 456``; a code used up in one spelling is in every other."""
    person, _, app = await with_app(service)
    code = app.next_code()
    assert await _sign_in(service, person, f" {code[:3]} {code[3:]}\n") == (200, "")
    assert await _sign_in(service, person, f"{code[:3]}-{code[3:]}") == INVALID_CODE


async def test_guesses_at_an_enrolment_are_limited(service: Service) -> None:
    """Who found a session open that waits for a first code must not be able to guess it: it would raise the session."""
    _, client = await service.signed_in()
    app: App = await begin(service, client)
    answers = [problem(await client.post("/auth/totp/activate", {"code": app.wrong_code()})) for _ in range(6)]
    assert answers == [INVALID_CODE] * 5 + [RATE_LIMITED]
    service.clock.advance(seconds=FIRST_WAIT)
    assert (await client.post("/auth/totp/activate", {"code": app.code()})).status_code == 200
