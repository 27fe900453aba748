"""How often somebody may guess: at one pending sign-in, and at one person by whatever call."""

import asyncio
from collections.abc import Callable

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.service import Service, open_service, problem
from tests.support.two_factor import (
    BY_RECOVERY_CODE,
    FIRST_WAIT,
    INVALID_CODE,
    INVALID_MFA_TOKEN,
    RATE_LIMITED,
    first_step,
    second_step,
    sign_in_with_app,
    step_up,
    with_app,
)

WAITS = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
"""Seconds, from the fifth failure in a row on."""


async def test_it_takes_five_attempts(service: Service) -> None:
    """The sixth, though the wait is over, ends it: the right code comes too late."""
    person, _, app = await with_app(service)
    client = service.browser()
    token = await first_step(client, person)
    for _ in range(5):
        assert problem(await second_step(client, token, app.wrong_code())) == INVALID_CODE
    service.clock.advance(seconds=FIRST_WAIT)
    assert problem(await second_step(client, token, app.code())) == INVALID_MFA_TOKEN
    service.clock.advance(seconds=2 * FIRST_WAIT)
    assert (await second_step(client, await first_step(client, person), app.code())).status_code == 200


async def test_a_fresh_token_brings_no_fresh_attempts(service: Service) -> None:
    """A-22, A-23: the person's count outlives every token, and is one for all kinds of code and all calls."""
    person, here, app = await with_app(service)
    client = service.browser()
    wrong = "-".join(["AAAA"] * 6)
    for _ in range(2):
        assert problem(await second_step(client, await first_step(client, person), app.wrong_code())) == INVALID_CODE
        token = await first_step(client, person)
        assert problem(await second_step(client, token, wrong, BY_RECOVERY_CODE)) == INVALID_CODE
    assert problem(await step_up(here, app.wrong_code())) == INVALID_CODE
    token = await first_step(client, person)
    service.clock.advance(seconds=FIRST_WAIT - 1)
    for refused in (
        await second_step(client, token, app.code()),
        await second_step(client, token, app.recovery_codes[0], BY_RECOVERY_CODE),
        await step_up(here, app.code()),
    ):
        assert problem(refused) == RATE_LIMITED
        assert refused.headers["retry-after"] == "1"
    service.clock.advance(seconds=1)
    assert (await second_step(client, token, app.code())).status_code == 200


async def test_the_wait_doubles_to_an_hour(service: Service) -> None:
    """With the time to wait in every refusal; a success forgets it all."""
    person, _, app = await with_app(service)
    client = service.native()
    for _ in range(4):
        assert problem(await second_step(client, await first_step(client, person), app.wrong_code())) == INVALID_CODE
    for wait in WAITS:
        assert problem(await second_step(client, await first_step(client, person), app.wrong_code())) == INVALID_CODE
        refused = await second_step(client, await first_step(client, person), app.code())
        assert problem(refused) == RATE_LIMITED
        assert refused.headers["retry-after"] == str(wait)
        service.clock.advance(seconds=wait)
    assert (await second_step(client, await first_step(client, person), app.code())).status_code == 200
    for _ in range(5):
        assert problem(await second_step(client, await first_step(client, person), app.wrong_code())) == INVALID_CODE
    refused = await second_step(client, await first_step(client, person), app.code())
    assert refused.headers["retry-after"] == "30"


async def test_the_count_is_the_persons_alone(service: Service) -> None:
    """Guesses at one account cost nobody else a wait, nor do they close the first step."""
    person, _, app = await with_app(service)
    other, _, theirs = await with_app(service)
    client = service.native()
    for _ in range(5):
        await second_step(client, await first_step(client, person), app.wrong_code())
    assert (await second_step(client, await first_step(client, other), theirs.code(steps=1))).status_code == 200
    await first_step(client, person)


async def test_every_success_forgets_the_failures(service: Service) -> None:
    """By either kind of code, and by a step-up: four slips before each of them never make a wait."""
    person, here, app = await with_app(service)
    client = service.native()

    async def slip() -> None:
        for _ in range(4):
            assert (
                problem(await second_step(client, await first_step(client, person), app.wrong_code())) == INVALID_CODE
            )

    await slip()
    assert (await second_step(client, await first_step(client, person), app.next_code())).status_code == 200
    await slip()
    token = await first_step(client, person)
    assert (await second_step(client, token, app.recovery_codes[0], BY_RECOVERY_CODE)).status_code == 200
    await slip()
    assert (await step_up(here, app.next_code())).status_code == 200
    await slip()
    assert (await second_step(client, await first_step(client, person), app.next_code())).status_code == 200


async def test_a_right_code_without_a_session_forgets_nothing(service: Service) -> None:
    """It came for a sign-in that is over: an attempt like the four before it."""
    person, here, app = await with_app(service)
    client = service.native()
    dead = await first_step(client, person)
    assert (await here.delete("/auth/sessions")).status_code == 200
    for _ in range(4):
        token = await first_step(client, person)
        assert problem(await second_step(client, token, app.wrong_code())) == INVALID_CODE
    assert problem(await second_step(client, dead, app.next_code())) == INVALID_MFA_TOKEN
    assert problem(await second_step(client, await first_step(client, person), app.code())) == RATE_LIMITED


async def test_the_numbers_are_settings(module_database_url: str, redis_server: EmbeddedRedis) -> None:
    """Life of a pending sign-in and of trust, recovery codes in a set, and when the waiting begins."""
    settings = {"mfa_token_ttl": "60", "trusted_browser_ttl": "3600", "recovery_code_count": "8", "backoff_after": "2"}
    async with open_service(module_database_url, redis_server.url, **settings) as service:
        person, _, app = await with_app(service)
        assert len(app.recovery_codes) == 8
        browser = service.browser()
        answer = await browser.post("/auth/login", person.credentials)
        assert answer.json()["expires_in"] == 60
        service.clock.advance(seconds=60)
        assert problem(await second_step(browser, answer.json()["mfa_token"], app.code())) == INVALID_MFA_TOKEN
        trusted = await sign_in_with_app(browser, person, app, trust_browser=True)
        assert "max-age=3600" in trusted.headers.get_list("set-cookie")[1].lower()
        token = await first_step(service.browser(), person)
        answers = [problem(await second_step(service.browser(), token, app.wrong_code())) for _ in range(3)]
        assert answers == [INVALID_CODE, INVALID_CODE, RATE_LIMITED]


async def test_while_nobody_can_count_nobody_guesses(
    module_database_url: str, start_redis: Callable[..., EmbeddedRedis]
) -> None:
    """Redis away: neither step nor a step-up goes on, and no code is used up. Redis emptied: begin again."""
    redis = start_redis()
    async with open_service(module_database_url, redis.url) as service:
        person, here, app = await with_app(service)
        client = service.native()
        token = await first_step(client, person)
        service.clock.advance(seconds=30)
        await asyncio.to_thread(redis.stop)
        refused = [
            await second_step(client, token, app.code()),
            await second_step(client, token, app.recovery_codes[0], BY_RECOVERY_CODE),
            await step_up(here, app.code()),
            await client.post("/auth/login", person.credentials),
        ]
        assert [problem(answer) for answer in refused] == [(503, "service_unavailable")] * len(refused)
        assert {answer.headers["retry-after"] for answer in refused} == {"1"}
        await asyncio.to_thread(redis.start)
        async with service.redis() as emptied:
            await emptied.flushall()
        assert problem(await second_step(client, token, app.code())) == INVALID_MFA_TOKEN
        assert (await second_step(client, await first_step(client, person), app.code())).status_code == 200
