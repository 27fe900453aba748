"""The same code, token or state from many sides at once (attack catalogue A-72, A-76, A-78): one success, no 500."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable

import httpx
import pytest

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.authenticator import Authenticator
from tests.support.passkeys import VERIFY, creation_options
from tests.support.service import Person, Service, open_service
from tests.support.two_factor import (
    ACTIVATE,
    BY_RECOVERY_CODE,
    begin,
    first_step,
    first_steps,
    second_step,
    sign_in_with_app,
    step_up,
    with_app,
)

AT_ONCE = 50
ROUNDS = 3


@pytest.fixture(scope="module")
async def patient(module_database_url: str, redis_server: EmbeddedRedis) -> AsyncIterator[Service]:
    """A service whose back-off begins late, so that it is not what makes a second success impossible."""
    async with open_service(module_database_url, redis_server.url, backoff_after="100") as running:
        yield running


@pytest.fixture(scope="module")
async def strict(module_database_url: str, redis_server: EmbeddedRedis) -> AsyncIterator[Service]:
    """A service that asks a second factor of everybody."""
    async with open_service(module_database_url, redis_server.url, require_second_factor="all") as running:
        yield running


def outcomes(answers: Iterable[httpx.Response]) -> Counter[str]:
    """How often each answer was given: 200, or the code of a refusal."""
    return Counter(str(answer.status_code) if answer.is_success else str(answer.json()["code"]) for answer in answers)


async def sessions_of(service: Service, person: Person) -> int:
    """Living and dead."""
    [(count,)] = await service.rows("SELECT count(*) FROM hybrid_auth_sessions WHERE user_id = :id", id=person.id)
    return int(count)


async def test_a76_one_code_on_one_pending_sign_in(patient: Service) -> None:
    """One session; the rest find the code or the sign-in used up."""
    for _ in range(ROUNDS):
        person, _, app = await with_app(patient)
        client = patient.native()
        token, code = await first_step(client, person), app.next_code()
        found = outcomes(await asyncio.gather(*(second_step(client, token, code) for _ in range(AT_ONCE))))
        assert found["200"] == 1
        assert found.keys() <= {"200", "invalid_code", "invalid_mfa_token"}
        assert await sessions_of(patient, person) == 2


async def test_a76_one_code_on_fifty_pending_sign_ins(patient: Service) -> None:
    """Somebody looked over a shoulder: of the owner and the others one is let in."""
    for _ in range(ROUNDS):
        person, _, app = await with_app(patient)
        client = patient.native()
        pending, code = await first_steps(patient, person, AT_ONCE), app.next_code()
        found = outcomes(await asyncio.gather(*(second_step(client, token, code) for token in pending)))
        assert found == {"200": 1, "invalid_code": AT_ONCE - 1}
        assert await sessions_of(patient, person) == 2


async def test_a76_one_code_signs_in_or_steps_up(patient: Service) -> None:
    """The two calls share what is used up."""
    for _ in range(ROUNDS):
        person, here, app = await with_app(patient)
        client = patient.native()
        pending, code = await first_steps(patient, person, AT_ONCE), app.next_code()
        calls = [second_step(client, token, code) for token in pending[::2]] + [
            step_up(here, code) for _ in pending[1::2]
        ]
        found = outcomes(await asyncio.gather(*calls))
        assert found == {"200": 1, "invalid_code": AT_ONCE - 1}


async def test_a76_neighbouring_codes_of_one_moment(patient: Service) -> None:
    """Three codes are good at a time; in whatever order they arrive, each at most once and none after a newer one."""
    for _ in range(ROUNDS):
        person, _, app = await with_app(patient)
        patient.clock.advance(minutes=5)
        client = patient.native()
        pending = await first_steps(patient, person, AT_ONCE)
        codes = [app.code(steps=number % 3 - 1) for number in range(AT_ONCE)]
        answers = await asyncio.gather(*map(lambda t, c: second_step(client, t, c), pending, codes))
        accepted = [code for code, answer in zip(codes, answers, strict=True) if answer.status_code == 200]
        assert 1 <= len(accepted) == len(set(accepted)) <= 3
        assert app.code(steps=1) in accepted
        assert await sessions_of(patient, person) == 1 + len(accepted)


async def test_a72_one_recovery_code(patient: Service) -> None:
    """On one pending sign-in and on fifty: one session, one code fewer, one mail."""
    for number in range(ROUNDS):
        person, here, app = await with_app(patient)
        client = patient.native()
        pending = (
            await first_steps(patient, person, AT_ONCE) if number % 2 else [await first_step(client, person)] * AT_ONCE
        )
        code = app.recovery_codes[number]
        calls = (second_step(client, token, code, BY_RECOVERY_CODE) for token in pending)
        found = outcomes(await asyncio.gather(*calls))
        assert found["200"] == 1
        assert found.keys() <= {"200", "invalid_code", "invalid_mfa_token"}
        assert (await here.get("/auth/me")).json()["recovery_codes_remaining"] == 9
        assert await sessions_of(patient, person) == 2
        assert len(await patient.mails_to(person.email, count=2)) == 2


async def test_ten_recovery_codes_at_once(patient: Service) -> None:
    """Each is good, none is lost on the way."""
    person, here, app = await with_app(patient)
    client = patient.native()
    pending = await first_steps(patient, person, 10)
    calls = (second_step(client, t, c, BY_RECOVERY_CODE) for t, c in zip(pending, app.recovery_codes, strict=True))
    assert outcomes(await asyncio.gather(*calls)) == {"200": 10}
    assert (await here.get("/auth/me")).json()["recovery_codes_remaining"] == 0


@pytest.mark.parametrize("spread", [False, True], ids=["one pending sign-in", "a hundred"])
async def test_a78_a_hundred_guesses(service: Service, spread: bool) -> None:
    """At most five are evaluated: as many secrets are read."""
    for _ in range(ROUNDS):
        person, here, app = await with_app(service)
        client = service.native()
        sign_ins = 100 if spread else 1
        pending = await first_steps(service, person, sign_ins) * (100 // sign_ins)
        wrong = app.wrong_code()
        with service.counting() as work:
            answers = await asyncio.gather(
                *(second_step(client, token, wrong) for token in pending * (100 // len(pending)))
            )
        assert outcomes(answers) == {"invalid_code": 5, "rate_limited": 95}
        read = [statement for statement in work.statements if statement.startswith("SELECT hybrid_auth_totp.")]
        assert len(read) == 5
        assert {answer.headers["retry-after"] for answer in answers if answer.status_code == 429} == {"30"}
        guesses = [step_up(here, wrong) for _ in range(50)]
        guesses += [second_step(client, pending[0], "A" * 24, BY_RECOVERY_CODE) for _ in range(50)]
        with service.counting() as work:
            assert outcomes(await asyncio.gather(*guesses)) == {"rate_limited": 100}
        assert not [statement for statement in work.statements if "hybrid_auth_recovery_codes.sealed" in statement]


async def test_a78_the_right_one_among_a_hundred_guesses(service: Service) -> None:
    """It is found or it is not; nobody guesses on behind it."""
    for _ in range(ROUNDS):
        person, _, app = await with_app(service)
        client = service.native()
        pending = await first_steps(service, person, 100)
        right, wrong = app.next_code(), app.wrong_code()
        codes = [right if number % 10 == 7 else wrong for number in range(100)]
        answers = await asyncio.gather(*map(lambda t, c: second_step(client, t, c), pending, codes))
        found = outcomes(answers)
        assert found["200"] <= 1
        assert found["invalid_code"] <= 5 + 5 * found["200"]
        assert found.keys() <= {"200", "invalid_code", "rate_limited"}


async def test_two_activations(patient: Service) -> None:
    """One set of recovery codes, which is the one that was shown."""
    for _ in range(ROUNDS):
        person, client = await patient.signed_in()
        app = await begin(patient, client)
        answers = await asyncio.gather(*(client.post(ACTIVATE, {"code": app.code()}) for _ in range(10)))
        assert outcomes(answers) == {"200": 1, "conflict": 9}
        [shown] = [answer.json()["recovery_codes"] for answer in answers if answer.status_code == 200]
        native = patient.native()
        answer = await second_step(native, await first_step(native, person), shown[0], BY_RECOVERY_CODE)
        assert answer.status_code == 200
        assert await patient.rows("SELECT count(*) FROM hybrid_auth_totp WHERE user_id = :id", id=person.id) == [(1,)]


async def test_enrolments_at_once(patient: Service) -> None:
    """One waits in the end, and it is one that was shown."""
    for _ in range(ROUNDS):
        person, client = await patient.signed_in()
        answers = await asyncio.gather(*(client.post("/auth/totp/enroll") for _ in range(10)))
        assert outcomes(answers) == {"200": 10}
        assert await patient.rows("SELECT count(*) FROM hybrid_auth_totp WHERE user_id = :id", id=person.id) == [(1,)]


async def test_switched_off_while_somebody_signs_in(patient: Service) -> None:
    """Whichever comes first, the code is looked at in a state that was."""
    for _ in range(ROUNDS):
        person, here, app = await with_app(patient)
        client = patient.native()
        pending, code = await first_steps(patient, person, 5), app.next_code()
        off, *steps = await asyncio.gather(
            here.delete("/auth/totp"), *(second_step(client, token, code) for token in pending)
        )
        assert off.status_code == 204
        found = outcomes(steps)
        assert found["200"] <= 1
        assert found.keys() <= {"200", "invalid_code"}
        assert (await patient.native().post("/auth/login", person.credentials)).json()["status"] == "authenticated"


async def test_signed_out_everywhere_while_somebody_signs_in(patient: Service) -> None:
    """A session that opens beside it ends with it, or was begun after it."""
    for _ in range(ROUNDS):
        person, here, app = await with_app(patient)
        client = patient.native()
        pending, code = await first_steps(patient, person, 5), app.next_code()
        out, *steps = await asyncio.gather(
            here.post("/auth/logout-all"), *(second_step(client, token, code) for token in pending)
        )
        assert out.status_code == 200
        assert outcomes(steps).keys() <= {"200", "invalid_code", "invalid_mfa_token"}
        for answer in steps:
            if answer.status_code == 200:
                client.keep(answer)
                assert not await client.is_signed_in()
                assert (await client.refresh()).status_code == 401


async def test_one_enrolment_token_from_ten_sides(strict: Service) -> None:
    """One app, one session."""
    for _ in range(ROUNDS):
        person, client = await strict.person(), strict.native()
        client.access_token = (await client.post("/auth/login", person.credentials)).json()["enrolment_token"]
        app = await begin(strict, client)
        body = {"code": app.code(), "client": "native"}
        found = outcomes(await asyncio.gather(*(client.post(ACTIVATE, body) for _ in range(10))))
        assert found["200"] == 1
        assert found.keys() <= {"200", "conflict", "invalid_token"}
        assert await sessions_of(strict, person) == 1


async def test_an_app_and_a_passkey_by_two_enrolment_tokens(strict: Service) -> None:
    """Two who know the password enrol at once: one is let in, the other's factor is not kept."""
    for _ in range(ROUNDS):
        person, first, second = await strict.person(), strict.native(), strict.native()
        for client in (first, second):
            client.access_token = (await client.post("/auth/login", person.credentials)).json()["enrolment_token"]
        app = await begin(strict, first)
        made = Authenticator().create(await creation_options(second))
        answers = await asyncio.gather(
            first.post(ACTIVATE, {"code": app.code(), "client": "native"}),
            second.post(VERIFY, {"credential": made, "client": "native"}),
        )
        assert sorted(answer.is_success for answer in answers) == [False, True]
        assert [answer.json()["code"] for answer in answers if not answer.is_success] == ["invalid_token"]
        assert await sessions_of(strict, person) == 1


async def test_a_browser_trusted_from_many_sides(patient: Service) -> None:
    """One code trusts one browser."""
    person, _, app = await with_app(patient)
    browser = patient.browser()
    pending, code = await first_steps(patient, person, 20), app.next_code()
    answers = await asyncio.gather(*(second_step(browser, token, code, trust_browser=True) for token in pending))
    assert outcomes(answers)["200"] == 1
    found = await patient.rows("SELECT 1 FROM hybrid_auth_trusted_browsers WHERE user_id = :id", id=person.id)
    assert len(found) == 1
    await sign_in_with_app(patient.browser(), person, app)
