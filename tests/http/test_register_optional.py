"""`POST /auth/register` where an address may be confirmed later."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.service import OTHER_PASSWORD, PASSWORD, Person, Service, open_service, problem


@pytest.fixture(scope="module")
async def service(module_database_url: str, redis_server: EmbeddedRedis) -> AsyncIterator[Service]:
    """A service that lets people in before they confirm their address."""
    async with open_service(module_database_url, redis_server.url, email_verification="optional") as running:
        yield running


def fresh_address() -> str:
    return f"{uuid4().hex}@example.org"


async def test_person_is_signed_in_at_once(service: Service) -> None:
    """201 with a LoginResult: the account is there and a session open."""
    email, browser = fresh_address(), service.browser()
    answer = await browser.post("/auth/register", {"email": email, "password": PASSWORD})
    assert answer.status_code == 201
    result = answer.json()
    assert result["status"] == "authenticated"
    assert (result["user"]["email"], result["user"]["email_verified"]) == (email, False)
    assert "set-cookie" in answer.headers
    browser.keep(answer)
    assert await browser.is_signed_in()
    assert (await browser.refresh()).status_code == 200
    again = await service.browser().post("/auth/login", {"email": email, "password": PASSWORD})
    assert again.status_code == 200


async def test_native_client_registers_without_a_cookie(service: Service) -> None:
    """A native client is signed in by a refresh token in the body."""
    body = {"email": fresh_address(), "password": PASSWORD, "client": "native"}
    answer = await service.native().post("/auth/register", body)
    assert answer.status_code == 201
    assert answer.json()["refresh_token"]
    assert "set-cookie" not in answer.headers


async def test_taken_address_is_a_conflict(service: Service) -> None:
    """409 for an address that is taken, in any spelling, and the account stays as it was."""
    person = await service.person()
    for email in (person.email, person.email.upper()):
        answer = await service.browser().post("/auth/register", {"email": email, "password": OTHER_PASSWORD})
        assert problem(answer) == (409, "conflict")
        assert "set-cookie" not in answer.headers
    assert (await service.browser().post("/auth/login", person.credentials)).status_code == 200


async def test_fifty_at_once_make_one_account(service: Service) -> None:
    """Of 50 registrations of one address at the same moment one wins, the others are told of the conflict."""
    email, browser = fresh_address(), service.browser()
    answers = await asyncio.gather(
        *(
            browser.http.post("/auth/register", json={"email": e, "password": PASSWORD, "client": "native"})
            for e in [email, email.upper()] * 25
        )
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 49}
    found = await service.rows("SELECT id FROM hybrid_auth_users WHERE lower(email) = :email", email=email)
    assert len(found) == 1


async def test_confirming_ends_the_sessions_of_before(service: Service) -> None:
    """The link confirms the address, and ends what was opened while nobody knew whose it is."""
    email, browser = fresh_address(), service.browser()
    browser.keep(await browser.post("/auth/register", {"email": email, "password": PASSWORD}))
    [mail] = await service.mails_to(email)
    assert (await service.browser().post("/auth/email/verify", {"token": mail.token})).status_code == 204
    assert problem(await browser.get("/auth/me")) == (401, "session_revoked")
    result = await service.browser().post("/auth/login", {"email": email, "password": PASSWORD})
    assert result.json()["user"]["email_verified"] is True


async def test_earlier_session_of_the_browser_ends(service: Service) -> None:
    """Registering in a browser that is signed in as somebody else ends that session."""
    _, browser = await service.signed_in()
    before = browser.access_token
    answer = await browser.http.post("/auth/register", json={"email": fresh_address(), "password": PASSWORD})
    assert answer.status_code == 201
    old = await service.native().get("/auth/me", authorization=f"Bearer {before}")
    assert problem(old) == (401, "session_revoked")


async def test_a_disabled_person_confirms_nothing(service: Service) -> None:
    """Their link is like any that is not valid any more."""
    email, browser = fresh_address(), service.browser()
    answer = await browser.post("/auth/register", {"email": email, "password": PASSWORD})
    [mail] = await service.mails_to(email)
    await service.disable(Person(UUID(answer.json()["user"]["id"]), email, PASSWORD))
    confirmed = await service.browser().post("/auth/email/verify", {"token": mail.token})
    assert problem(confirmed) == (400, "invalid_or_expired_token")
