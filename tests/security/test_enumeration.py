"""Attacks on passwords, and on who has an account (attack catalogue §6.3, as far as it is built)."""

import unicodedata
from uuid import uuid4

import pytest

from tests.support.service import OTHER_PASSWORD, PASSWORD, Client, Person, Service, problem, same_for_all


async def register(service: Service, password: str) -> "tuple[int, str]":
    body = {"email": f"{uuid4().hex}@example.org", "password": password}
    answer = await service.browser().post("/auth/register", body)
    return (202, "") if answer.status_code == 202 else problem(answer)


async def change(service: Service, password: str) -> "tuple[Person, Client]":
    """Somebody whose password is now this one."""
    person, client = await service.signed_in()
    body = {"current_password": PASSWORD, "new_password": password}
    answer = await client.post("/auth/password/change", body)
    assert answer.status_code == 204, answer.text
    return Person(person.id, person.email, password), client


async def signs_in(service: Service, person: Person, password: str) -> bool:
    answer = await service.browser().post("/auth/login", {"email": person.email, "password": password})
    if answer.status_code != 200:
        assert problem(answer) == (401, "invalid_credentials")
    return answer.status_code == 200


async def test_a50_no_failure_tells_of_an_account(service: Service) -> None:
    """A-50: unknown, wrong, disabled and unverified look the same, and cost one hash and one statement each."""
    known, disabled, unverified = [await service.person(verified=n < 2) for n in range(3)]
    await service.disable(disabled)
    answers, costs = [], set()
    for email in (known.email, disabled.email, unverified.email, f"{uuid4().hex}@example.org"):
        with service.counting() as work:
            body = {"email": email, "password": OTHER_PASSWORD}
            answers.append(await service.browser().post("/auth/login", body))
        costs.add((work.hashes, tuple(work.statements)))
    same_for_all(answers)
    assert [(hashes, len(statements)) for hashes, statements in costs] == [(1, 1)]


async def test_a51_registering_does_not_tell_of_an_account(service: Service) -> None:
    """A-51: one answer and one hash for a taken and a free address; the owner is told by mail."""
    person = await service.person()
    answers, costs = [], set()
    for email in (person.email, f"{uuid4().hex}@example.org"):
        with service.counting() as work:
            body = {"email": email, "password": OTHER_PASSWORD}
            answers.append(await service.browser().post("/auth/register", body))
        costs.add((work.hashes, tuple(work.statements)))
    same_for_all(answers)
    assert [hashes for hashes, _ in costs] == [1]
    [mail] = await service.mails_to(person.email)
    assert "already" in mail.subject
    assert await signs_in(service, person, PASSWORD)


@pytest.mark.parametrize("length", [72, 73, 255, 256])
async def test_a56_every_character_counts(service: Service, length: int) -> None:
    """A-56: up to the longest password allowed, the last character matters as much as the first."""
    password = (PASSWORD * 20)[: length - 1] + "x"
    person, _ = await change(service, password)
    assert await signs_in(service, person, password)
    for wrong in (password[:-1], password[:-1] + "y", password + "x", password[:72]):
        if wrong != password:
            assert not await signs_in(service, person, wrong)


@pytest.mark.parametrize(
    ("length", "code"),
    [(257, "password_rejected"), (1024, "password_rejected"), (1025, "validation_error"), (4096, "validation_error")],
)
async def test_a56_too_long(service: Service, length: int, code: str) -> None:
    """A-56: a longer one is refused before it is hashed."""
    with service.counting() as work:
        assert await register(service, (PASSWORD * 200)[:length]) == (400, code)
    assert work.hashes == 0


async def test_a57_forms_of_one_text_are_one_password(service: Service) -> None:
    """A-57: composed and decomposed letters are the same password; compatibility forms are not."""
    composed = "déjà vu über naïve façade"
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    person, _ = await change(service, decomposed)
    assert await signs_in(service, person, composed)
    assert await signs_in(service, person, decomposed)
    assert not await signs_in(service, person, composed.replace("f", "\uff46"))


@pytest.mark.parametrize(
    "password",
    [
        " seven quiet herons at dusk",
        "seven quiet herons at dusk ",
        "seven quiet\therons at dusk",
        "seven quiet\nherons at dusk",
        "seven quiet\0herons at dusk",
        "seven quiet herons \U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\u202eseven quiet herons at dusk",
        "일곱 마리의 조용한 왜가리와 황혼",
    ],
)
async def test_a57_nothing_is_trimmed_or_lost(service: Service, password: str) -> None:
    """A-57: spaces, controls, NUL, bidirectional marks and joined emoji all count as they are."""
    person, _ = await change(service, password)
    assert await signs_in(service, person, password)
    for wrong in (
        password.strip(),
        password.replace("\0", ""),
        password.partition("\0")[0],
        password.upper(),
        PASSWORD,
    ):
        if wrong != password:
            assert not await signs_in(service, person, wrong)


async def test_a57_only_spaces(service: Service) -> None:
    """A-57: a row of spaces is no password worth having."""
    assert await register(service, " " * 20) == (400, "password_rejected")


@pytest.mark.parametrize("path", ["/auth/register", "/auth/login"])
async def test_a57_lone_surrogates(service: Service, path: str) -> None:
    """A-57: half a character is no text: 400."""
    body = b'{"email":"a@example.org","password":"\\ud800 seven quiet herons"}'
    answer = await service.http().post(path, content=body, headers={"content-type": "application/json"})
    assert problem(answer)[0] == 400


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "passwordpassword",
        "PasswordPassword",
        "qwertyuiopasdfghjkl",
        "123456789012345678",
        "hybrid auth 2026",
        "Hybrid-Auth-Hybrid-Auth",
        "localhostlocalhost",
        "iloveyouiloveyou",
        "aaaaaaaaaaaaaaaaaaaa",
        "fourteen chars",
    ],
)
async def test_a58_passwords_that_are_guessed_first(service: Service, password: str) -> None:
    """A-58: common ones, their repetitions in any case, and the service's own words: at sign-up and at change."""
    assert await register(service, password) == (400, "password_rejected")
    person, client = await service.signed_in()
    before = await service.password_hash(person)
    body = {"current_password": PASSWORD, "new_password": password}
    answer = await client.post("/auth/password/change", body)
    assert problem(answer) == (400, "password_rejected")
    assert answer.json()["reason"] in ("too_short", "common", "personal", "guessable")
    assert await service.password_hash(person) == before


async def test_a58_words_of_the_person(service: Service) -> None:
    """A-58: one's own address and name make no password."""
    body = {
        "email": "wilhelmina.vandertramp@example.org",
        "display_name": "Wilhelmina Vandertramp",
        "password": "WilhelminaVandertramp1",
    }
    answer = await service.browser().post("/auth/register", body)
    assert problem(answer) == (400, "password_rejected")
    assert answer.json()["reason"] == "personal"


async def test_a59_change_needs_the_right_current_password(service: Service) -> None:
    """A-59: a wrong current one is 401, and the session of who tried goes on."""
    person, client = await service.signed_in()
    body = {"current_password": OTHER_PASSWORD, "new_password": "an entirely different sentence"}
    assert problem(await client.post("/auth/password/change", body)) == (401, "invalid_credentials")
    assert await client.is_signed_in()
    assert await signs_in(service, person, PASSWORD)


async def test_a59_change_to_the_same_password(service: Service) -> None:
    """A-59: the same password again is allowed, ends the other sessions, and is a fresh hash."""
    person, client = await service.signed_in()
    _, other = await service.signed_in(person)
    before = await service.password_hash(person)
    body = {"current_password": PASSWORD, "new_password": PASSWORD}
    assert (await client.post("/auth/password/change", body)).status_code == 204
    assert await service.password_hash(person) != before
    assert not await other.is_signed_in()
    assert await client.is_signed_in()
