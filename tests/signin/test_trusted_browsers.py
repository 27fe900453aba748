"""Browsers where the second factor is not asked for: who gets there, for how long, and what ends it."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.authenticator import Authenticator
from tests.support.passkeys import register
from tests.support.service import OTHER_PASSWORD, Client, Service, open_service, problem
from tests.support.two_factor import (
    NOT_RECENT,
    first_step,
    is_asked,
    second_step,
    sign_in_with_app,
    step_up,
    trusting,
    turn_on,
    with_app,
)

LIST = "/auth/trusted-browsers"


@pytest.fixture(scope="module")
async def https_service(module_database_url: str, redis_server: EmbeddedRedis) -> AsyncIterator[Service]:
    """A service whose public URL is HTTPS."""
    async with open_service(module_database_url, redis_server.url, public_url="https://id.example.com") as running:
        yield running


def trusted_cookies(answer: httpx.Response) -> list[str]:
    """The cookies an answer sets that are not the session's."""
    return [cookie for cookie in answer.headers.get_list("set-cookie") if "refresh=" not in cookie]


def token_of(client: Client) -> str:
    """What the browser keeps."""
    [token] = [cookie.value for cookie in client.http.cookies.jar if cookie.name.endswith("trusted")]
    return token or ""


async def test_a_browser_is_not_trusted_unless_asked_to(service: Service) -> None:
    """The box is unticked: no cookie, no row, and the next sign-in asks again."""
    person, _, app = await with_app(service)
    browser = service.browser()
    unticked = await second_step(browser, await first_step(browser, person), app.next_code())
    refused = await second_step(browser, await first_step(browser, person), app.next_code(), trust_browser=False)
    for answer in (unticked, refused):
        assert answer.status_code == 200
        assert trusted_cookies(answer) == []
    assert await is_asked(browser, person)
    assert await service.rows("SELECT 1 FROM hybrid_auth_trusted_browsers WHERE user_id = :id", id=person.id) == []


async def test_a_refused_code_trusts_nothing(service: Service) -> None:
    person, _, app = await with_app(service)
    browser = service.browser()
    answer = await second_step(browser, await first_step(browser, person), app.wrong_code(), trust_browser=True)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert await service.rows("SELECT 1 FROM hybrid_auth_trusted_browsers WHERE user_id = :id", id=person.id) == []


async def test_its_cookie(service: Service) -> None:
    """HttpOnly, SameSite=Strict, for every path and 30 days; 256 random bits, of which the digest is kept."""
    person, _, app = await with_app(service)
    browser = service.browser()
    [cookie] = trusted_cookies(await sign_in_with_app(browser, person, app, trust_browser=True))
    value, *attributes = cookie.split("; ")
    assert value == f"trusted={token_of(browser)}"
    assert len(token_of(browser)) == 43
    lower = {attribute.lower() for attribute in attributes}
    assert {"httponly", "samesite=strict", "path=/", "max-age=2592000"} <= lower
    assert not any(attribute.startswith("domain") for attribute in lower)
    assert "secure" not in lower
    [(digest,)] = await service.rows(
        "SELECT encode(token_digest, 'hex') FROM hybrid_auth_trusted_browsers WHERE user_id = :id", id=person.id
    )
    assert len(digest) == 64


async def test_its_cookie_over_https(https_service: Service) -> None:
    """Bound to the host by its name; the unguarded name, which a sibling host can set, counts for nothing."""
    person, _, app = await with_app(https_service)
    browser = https_service.browser()
    [cookie] = trusted_cookies(await sign_in_with_app(browser, person, app, trust_browser=True))
    assert cookie.startswith("__Host-trusted=")
    assert {"secure", "httponly", "path=/", "samesite=strict"} <= {part.lower() for part in cookie.split("; ")}
    assert not await is_asked(browser, person)
    plain = https_service.browser()
    plain.http.headers["cookie"] = f"trusted={token_of(browser)}"
    assert await is_asked(plain, person)


async def test_thirty_days_from_the_code(service: Service) -> None:
    """Not from the last use."""
    person, browser, _ = await trusting(service)
    for _ in range(3):
        assert not await is_asked(browser, person)
        service.clock.advance(days=10)
    assert await is_asked(browser, person)


async def test_to_the_second(service: Service) -> None:
    person, browser, _ = await trusting(service)
    service.clock.advance(days=30, seconds=-1)
    assert not await is_asked(browser, person)
    service.clock.advance(seconds=1)
    assert await is_asked(browser, person)


async def test_it_is_the_persons_own(service: Service) -> None:
    """Another person's cookie, one nobody gave out, two at once: asked as ever."""
    person, browser, _ = await trusting(service)
    other, theirs, _ = await trusting(service)
    mine = token_of(browser)
    for cookie in (
        f"trusted={token_of(theirs)}",
        f"trusted={'A' * 43}",
        "trusted=",
        f"trusted={mine}; trusted={token_of(theirs)}",
        f"trusted={mine}; trusted={mine}",
        f"TRUSTED={mine}",
        f"trusted={mine}A",
        f'trusted="{mine}"',
        f"refresh={mine}",
    ):
        client = service.browser()
        client.http.headers["cookie"] = cookie
        assert await is_asked(client, person), cookie
    client = service.browser()
    client.http.headers["cookie"] = f"trusted={mine}"
    assert not await is_asked(client, person)
    assert await is_asked(client, other)


async def test_it_takes_the_place_of_the_code_alone(service: Service) -> None:
    """The password is asked as ever, the session has one factor, and none of it is a proof for a factor change."""
    person, browser, app = await trusting(service)
    wrong = await browser.http.post("/auth/login", json={**person.credentials, "password": OTHER_PASSWORD})
    assert problem(wrong) == (401, "invalid_credentials")
    answer = await browser.post("/auth/login", person.credentials)
    browser.keep(answer)
    assert trusted_cookies(answer) == []
    assert (answer.json()["session"]["amr"], answer.json()["session"]["aal"]) == (["pwd"], 1)
    assert await browser.is_signed_in()
    assert (await browser.refresh()).status_code == 200
    assert (await browser.get("/auth/me")).json()["session"]["aal"] == 1
    changes = [("POST", "/auth/totp/enroll"), ("DELETE", "/auth/totp"), ("POST", "/auth/recovery-codes")]
    changes += [("POST", "/auth/passkeys/registration/options"), ("DELETE", "/auth/me")]
    for method, path in changes:
        assert problem(await browser.send(method, path)) == NOT_RECENT
    await browser.post("/auth/reauthenticate", {"method": "password", "password": person.password})
    for method, path in changes:
        assert problem(await browser.send(method, path)) == NOT_RECENT
    assert (await step_up(browser, app.next_code())).status_code == 200
    assert (await browser.post("/auth/totp/enroll")).status_code == 200


async def test_a_native_client_trusts_nothing(service: Service) -> None:
    """It keeps no cookie; nor does one that is sent count for it."""
    person, browser, app = await trusting(service)
    native = service.native()
    token = await first_step(native, person)
    answer = await second_step(native, token, app.next_code(), trust_browser=True)
    assert problem(answer) == (400, "validation_error")
    assert answer.json()["errors"][0]["field"] == "trust_browser"
    native.http.headers["cookie"] = f"trusted={token_of(browser)}"
    answer = await native.post("/auth/login", {**person.credentials, "client": "native"})
    assert answer.json()["status"] == "second_factor_required"
    assert (await second_step(native, token, app.code())).status_code == 200


async def _change_password(client: Client, password: str) -> str:
    body = {"current_password": password, "new_password": OTHER_PASSWORD}
    assert (await client.post("/auth/password/change", body)).status_code == 204
    return OTHER_PASSWORD


ENDS = ["password", "logout-all", "others", "off and on", "replaced", "passkey added", "passkey removed", "verified"]


@pytest.mark.parametrize("end", ENDS)
async def test_what_ends_the_trust(service: Service, end: str) -> None:
    """A change of a factor or the password, and a sign-out everywhere: elsewhere, so that no cookie is touched."""
    person, browser, app = await trusting(service)
    elsewhere = service.browser()
    await sign_in_with_app(elsewhere, person, app)
    password = person.password
    match end:
        case "password":
            password = await _change_password(elsewhere, password)
        case "logout-all":
            assert (await elsewhere.post("/auth/logout-all")).status_code == 200
        case "others":
            assert (await elsewhere.delete("/auth/sessions")).status_code == 200
        case "off and on":
            assert (await elsewhere.delete("/auth/totp")).status_code == 204
            await turn_on(service, elsewhere)
        case "replaced":
            await turn_on(service, elsewhere)
        case "passkey added":
            assert (await register(elsewhere, Authenticator())).status_code == 201
        case "passkey removed":
            made = await register(elsewhere, Authenticator())
            await sign_in_with_app(browser, person, app, trust_browser=True)
            assert (await elsewhere.delete(f"/auth/passkeys/{made.json()['id']}")).status_code == 204
        case _:
            async with service.transaction() as transaction:
                await service.services.sessions.revoke_all(transaction, person.id, reason="email_verified")
    answer = await browser.http.post("/auth/login", json={"email": person.email, "password": password})
    assert answer.json()["status"] == "second_factor_required"


async def test_what_does_not_end_it(service: Service) -> None:
    """Signing out here, a sign-in elsewhere, new recovery codes, a new name."""
    person, browser, app = await trusting(service)
    elsewhere = service.browser()
    await sign_in_with_app(elsewhere, person, app)
    assert (await elsewhere.post("/auth/recovery-codes")).status_code == 200
    assert (await elsewhere.patch("/auth/me", {"display_name": "Kim"})).status_code == 200
    assert (await browser.post("/auth/logout")).status_code == 204
    browser.access_token = None
    assert not await is_asked(browser, person)


async def test_with_the_app_off_it_means_nothing(service: Service) -> None:
    """The password is enough then; nothing is listed."""
    person, browser, _ = await trusting(service)
    assert (await browser.delete("/auth/totp")).status_code == 204
    assert (await browser.get(LIST)).json() == {"trusted_browsers": []}
    assert not await is_asked(service.browser(), person)


async def test_the_list(service: Service) -> None:
    """Newest first, with the device; what is over is not in it."""
    person, browser, app = await trusting(service)
    service.clock.advance(hours=1)
    other = service.browser("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15")
    await sign_in_with_app(other, person, app, trust_browser=True)
    service.clock.advance(hours=1)
    assert not await is_asked(browser, person)
    await sign_in_with_app(service.native(), person, app)
    await browser.refresh()
    newer, older = (await browser.get(LIST)).json()["trusted_browsers"]
    assert newer.keys() == older.keys() == {"id", "created_at", "last_used_at", "expires_at", "device"}
    assert newer["created_at"] > older["created_at"]
    assert (newer["last_used_at"], older["last_used_at"] > older["created_at"]) == (newer["created_at"], True)
    assert older["device"]["browser"].startswith("Firefox")
    service.clock.advance(days=30, hours=-2)
    reader = service.browser()
    await sign_in_with_app(reader, person, app)
    assert [entry["id"] for entry in (await reader.get(LIST)).json()["trusted_browsers"]] == [newer["id"]]


async def test_one_is_taken_off_the_list(service: Service) -> None:
    """And is asked again; the others are not."""
    person, browser, app = await trusting(service)
    other = service.browser()
    await sign_in_with_app(other, person, app, trust_browser=True)
    listed = (await browser.get(LIST)).json()["trusted_browsers"]
    assert (await browser.delete(f"{LIST}/{listed[0]['id']}")).status_code == 204
    assert problem(await browser.delete(f"{LIST}/{listed[0]['id']}")) == (404, "not_found")
    assert await is_asked(other, person)
    assert not await is_asked(browser, person)


async def test_nobody_elses_can_be_taken_off(service: Service) -> None:
    """404 for another person's, for none and for what is no id."""
    person, browser, _ = await trusting(service)
    _, stranger, _ = await trusting(service)
    [entry] = (await browser.get(LIST)).json()["trusted_browsers"]
    for wanted in (UUID(entry["id"]), uuid4(), "x", "%00"):
        assert problem(await stranger.delete(f"{LIST}/{wanted}")) == (404, "not_found")
    assert not await is_asked(browser, person)
    assert len((await stranger.get(LIST)).json()["trusted_browsers"]) == 1


async def test_trust_again_is_one_more(service: Service) -> None:
    """The cookie of before is replaced, and both are listed until they are over."""
    person, browser, app = await trusting(service)
    first = token_of(browser)
    browser.http.cookies.delete("trusted")
    await sign_in_with_app(browser, person, app, trust_browser=True)
    assert token_of(browser) != first
    assert len((await browser.get(LIST)).json()["trusted_browsers"]) == 2
