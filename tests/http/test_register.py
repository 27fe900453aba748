"""`POST /auth/register` and `POST /auth/email/verify` where an address must be confirmed first."""

import asyncio
from collections import Counter
from uuid import uuid4

import pytest

from tests.support.service import OTHER_PASSWORD, PASSWORD, Service, problem, same_for_all


def fresh_address() -> str:
    return f"{uuid4().hex}@example.org"


async def verify(service: Service, token: str) -> tuple[int, str]:
    answer = await service.browser().post("/auth/email/verify", {"token": token})
    return (204, "") if answer.status_code == 204 else problem(answer)


async def test_taken_and_free_addresses_look_and_cost_the_same(service: Service) -> None:
    """The answer, its headers, the hashes and the SQL do not tell whether an address is taken."""
    person = await service.person()
    unverified = await service.person(verified=False)
    addresses = [person.email, person.email.upper(), fresh_address(), unverified.email]
    answers, costs = [], []
    for email in addresses:
        with service.counting() as work:
            answers.append(await service.browser().post("/auth/register", {"email": email, "password": PASSWORD}))
        costs.append((work.hashes, tuple(work.statements)))
    same_for_all(answers)
    assert answers[0].status_code == 202
    assert answers[0].json() == {"status": "verification_sent"}
    assert "set-cookie" not in answers[0].headers
    assert len(set(costs)) == 1
    assert costs[0][0] == 1


async def test_rejected_passwords_do_not_tell_either(service: Service) -> None:
    """A password that policy refuses is refused in the same way for a taken and a free address."""
    person = await service.person()
    answers = [
        await service.browser().post("/auth/register", {"email": email, "password": "password1234567"})
        for email in (person.email, fresh_address())
    ]
    same_for_all(answers)
    assert problem(answers[0]) == (400, "password_rejected")
    assert answers[0].json()["reason"] in ("common", "guessable")


async def test_link_makes_the_account(service: Service) -> None:
    """Nothing exists before the press on the link; afterwards the person signs in with what they chose."""
    email = fresh_address()
    application = {"email": email, "password": PASSWORD, "display_name": "  Jo\u0308rg  "}
    assert (await service.browser().post("/auth/register", application)).status_code == 202
    assert await service.rows("SELECT id FROM hybrid_auth_users WHERE email = :email", email=email) == []
    [mail] = await service.mails_to(email)
    assert f"http://localhost:8001/verify-email#token={mail.token}" in mail.text
    answer = await service.browser().post("/auth/email/verify", {"token": mail.token})
    assert answer.status_code == 204
    assert answer.content == b""
    user = (await service.browser().post("/auth/login", {"email": email, "password": PASSWORD})).json()["user"]
    assert (user["email"], user["email_verified"], user["display_name"]) == (email, True, "Jörg")


async def test_owner_of_a_taken_address_gets_a_notice(service: Service) -> None:
    """Who has the account already is told by mail, without any link, and keeps their password."""
    person = await service.person()
    await service.browser().post("/auth/register", {"email": person.email.upper(), "password": OTHER_PASSWORD})
    [mail] = await service.mails_to(person.email.upper().replace("EXAMPLE.ORG", "example.org"))
    assert "already have an account" in mail.subject
    assert "token" not in mail.text
    assert (await service.browser().post("/auth/login", person.credentials)).status_code == 200


async def test_link_works_once(service: Service) -> None:
    """A used link is worth nothing."""
    email = fresh_address()
    await service.browser().post("/auth/register", {"email": email, "password": PASSWORD})
    [mail] = await service.mails_to(email)
    assert await verify(service, mail.token) == (204, "")
    assert await verify(service, mail.token) == (400, "invalid_or_expired_token")


async def test_newest_link_activates_its_own_password(service: Service) -> None:
    """Each registration keeps its own password beside its own link, and only the newest link works."""
    email = fresh_address()
    for password in (PASSWORD, OTHER_PASSWORD):
        await service.browser().post("/auth/register", {"email": email, "password": password})
        await service.mails_to(email)
        service.clock.advance(seconds=1)
    first, second = await service.mails_to(email, count=2)
    assert await verify(service, first.token) == (400, "invalid_or_expired_token")
    assert await verify(service, second.token) == (204, "")
    old = await service.browser().post("/auth/login", {"email": email, "password": PASSWORD})
    assert problem(old) == (401, "invalid_credentials")
    new = await service.browser().post("/auth/login", {"email": email, "password": OTHER_PASSWORD})
    assert new.status_code == 200


async def test_stranger_cannot_slip_a_password_in(service: Service) -> None:
    """Registering an address anew voids the link of before, so its owner never activates a stranger's password."""
    email = fresh_address()
    await service.browser().post("/auth/register", {"email": email, "password": PASSWORD})
    [own] = await service.mails_to(email)
    assert await verify(service, own.token) == (204, "")
    await service.browser().post("/auth/register", {"email": email, "password": OTHER_PASSWORD})
    await service.mails_to(email, count=2)
    stranger = await service.browser().post("/auth/login", {"email": email, "password": OTHER_PASSWORD})
    assert problem(stranger) == (403, "email_not_verified")
    assert (await service.browser().post("/auth/login", {"email": email, "password": PASSWORD})).status_code == 200


async def test_link_expires(service: Service) -> None:
    """A link works until its day is over, and not at that moment."""
    early, late = fresh_address(), fresh_address()
    for email in (early, late):
        await service.browser().post("/auth/register", {"email": email, "password": PASSWORD})
    [early_mail], [late_mail] = [await service.mails_to(email) for email in (early, late)]
    service.clock.advance(hours=24, seconds=-1)
    assert await verify(service, early_mail.token) == (204, "")
    service.clock.advance(seconds=1)
    assert await verify(service, late_mail.token) == (400, "invalid_or_expired_token")
    answer = await service.browser().post("/auth/login", {"email": late, "password": PASSWORD})
    assert problem(answer) == (401, "invalid_credentials")


async def test_fifty_registrations_at_once(service: Service) -> None:
    """50 registrations of one address in several spellings: all 202, one link works, one account comes of it."""
    email = fresh_address()
    spellings = [email if n % 2 else email.upper() for n in range(50)]
    browser = service.browser()
    answers = await asyncio.gather(
        *(browser.post("/auth/register", {"email": e, "password": f"{PASSWORD} {n}"}) for n, e in enumerate(spellings))
    )
    assert Counter(answer.status_code for answer in answers) == {202: 50}
    shouted = email.upper().replace("EXAMPLE.ORG", "example.org")
    mails = [*await service.mails_to(email, count=25), *await service.mails_to(shouted, count=25)]
    assert len({mail.token for mail in mails}) == 50
    outcomes = Counter(await asyncio.gather(*(verify(service, mail.token) for mail in mails)))
    assert outcomes == {(204, ""): 1, (400, "invalid_or_expired_token"): 49}
    accounts = await service.rows("SELECT id FROM hybrid_auth_users WHERE lower(email) = :email", email=email)
    assert len(accounts) == 1
    works = [
        n
        for n in range(50)
        if (await browser.post("/auth/login", {"email": email, "password": f"{PASSWORD} {n}"})).status_code == 200
    ]
    assert len(works) == 1


async def test_one_link_pressed_fifty_times_at_once(service: Service) -> None:
    """Of 50 presses on one link at the same moment exactly one counts."""
    email = fresh_address()
    await service.browser().post("/auth/register", {"email": email, "password": PASSWORD})
    [mail] = await service.mails_to(email)
    outcomes = Counter(await asyncio.gather(*(verify(service, mail.token) for _ in range(50))))
    assert outcomes == {(204, ""): 1, (400, "invalid_or_expired_token"): 49}


async def test_confirming_an_address_used_unverified_takes_its_password_over(service: Service) -> None:
    """An unconfirmed account is taken over by who proves to own the address, with the password of their link."""
    planted = await service.person(verified=False)
    await service.browser().post("/auth/register", {"email": planted.email, "password": OTHER_PASSWORD})
    [mail] = await service.mails_to(planted.email)
    assert await verify(service, mail.token) == (204, "")
    old = await service.browser().post("/auth/login", planted.credentials)
    assert problem(old) == (401, "invalid_credentials")
    new = await service.browser().post("/auth/login", {"email": planted.email, "password": OTHER_PASSWORD})
    assert new.status_code == 200


@pytest.mark.parametrize(
    "email",
    [
        "",
        "nobody",
        "a b@example.org",
        "@example.org",
        "a@",
        "a@b@c.org",
        "a@-example.org",
        '"a"@example.org',
        "a\0@b.org",
    ],
)
async def test_address_must_be_one(service: Service, email: str) -> None:
    """What is no address is refused, and named."""
    answer = await service.browser().post("/auth/register", {"email": email, "password": PASSWORD})
    assert problem(answer) == (400, "validation_error")
    assert [error["field"] for error in answer.json()["errors"]] == ["email"]


@pytest.mark.parametrize("name", ["a\nb", "a\u202eb", "a\0b", "x" * 101])
async def test_display_name_must_be_readable(service: Service, name: str) -> None:
    """Names that hide something or go on for ever are refused, and named."""
    body = {"email": fresh_address(), "password": PASSWORD, "display_name": name}
    answer = await service.browser().post("/auth/register", body)
    assert problem(answer) == (400, "validation_error")
    assert [error["field"] for error in answer.json()["errors"]] == ["display_name"]


@pytest.mark.parametrize("token", ["", "x", "é" * 20, "\0", "A" * 43, "A" * 128])
async def test_tokens_of_nobody(service: Service, token: str) -> None:
    """A token that was never sent confirms nothing."""
    assert await verify(service, token) == (400, "invalid_or_expired_token")


async def test_privileges_cannot_be_asked_for(service: Service) -> None:
    """Fields that are not the applicant's to set are refused, not ignored."""
    for field in ("roles", "email_verified", "id", "disabled"):
        answer = await service.browser().post(
            "/auth/register", {"email": fresh_address(), "password": PASSWORD, field: True}
        )
        assert problem(answer) == (400, "validation_error")


async def test_confirming_voids_what_was_planted_while_the_address_was_unconfirmed(service: Service) -> None:
    """A stranger used the address before (in `optional` mode); its owner registers, confirms, and all of it is void."""
    stranger = await service.person(verified=False)
    await service.browser().post("/auth/register", {"email": stranger.email, "password": OTHER_PASSWORD})
    [mail] = await service.mails_to(stranger.email)
    assert await verify(service, mail.token) == (204, "")
    planted = await service.browser().post("/auth/login", stranger.credentials)
    assert problem(planted) == (401, "invalid_credentials")
    own = await service.browser().post("/auth/login", {"email": stranger.email, "password": OTHER_PASSWORD})
    assert own.status_code == 200
