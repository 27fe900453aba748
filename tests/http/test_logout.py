"""`POST /auth/logout` and `POST /auth/logout-all`."""

import pytest

from tests.support.service import Client, Person, Service, problem


async def is_over(service: Service, client: Client) -> bool:
    """Neither token of the client opens anything any more."""
    bearer = await service.native().get("/auth/me", authorization=f"Bearer {client.access_token}")
    if client.native:
        renewed = await service.native().post("/auth/refresh", {"refresh_token": client.refresh_token})
    else:
        renewed = await service.native().post("/auth/refresh", None, cookie=f"refresh={client.refresh_token}")
    return bearer.status_code == 401 and renewed.status_code == 401


async def test_browser_signs_out(service: Service) -> None:
    """Bearer and cookie: 204, the cookie is removed, the access token is dead at once with `session_revoked`."""
    _, browser = await service.signed_in()
    answer = await browser.post("/auth/logout")
    assert answer.status_code == 204
    assert answer.content == b""
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert browser.cookie is None
    refused = await browser.get("/auth/me")
    assert problem(refused) == (401, "session_revoked")
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert await is_over(service, browser)


async def test_cookie_alone_signs_out(service: Service) -> None:
    """A browser that lost its access token signs out with its cookie."""
    _, browser = await service.signed_in()
    answer = await browser.http.post("/auth/logout")
    assert answer.status_code == 204
    assert await is_over(service, browser)


async def test_expired_access_token_beside_a_cookie_signs_out(service: Service) -> None:
    """An expired access token is no obstacle where the cookie is good."""
    _, browser = await service.signed_in()
    service.clock.advance(minutes=10)
    assert (await browser.post("/auth/logout")).status_code == 204
    assert await is_over(service, browser)


@pytest.mark.parametrize("bearer", ["Bearer nonsense", "Basic eDp5", "Bearer"])
async def test_bad_access_token_beside_a_cookie_signs_out(service: Service, bearer: str) -> None:
    """Nor is a bearer that is none."""
    _, browser = await service.signed_in()
    assert (await browser.http.post("/auth/logout", headers={"authorization": bearer})).status_code == 204
    assert await is_over(service, browser)


async def test_refresh_token_in_the_body_signs_out(service: Service) -> None:
    """A native client signs out with its refresh token alone, and is sent no cookie."""
    _, native = await service.signed_in(native=True)
    answer = await service.native().post("/auth/logout", {"refresh_token": native.refresh_token})
    assert answer.status_code == 204
    assert "set-cookie" not in answer.headers
    assert await is_over(service, native)


async def test_bearer_alone_signs_out(service: Service) -> None:
    """The access token alone is enough."""
    _, native = await service.signed_in(native=True)
    assert (await native.post("/auth/logout")).status_code == 204
    assert await is_over(service, native)


async def test_only_this_session_ends(service: Service) -> None:
    """Other sessions of the person go on."""
    person, browser = await service.signed_in()
    _, other = await service.signed_in(person)
    await browser.post("/auth/logout")
    assert await other.is_signed_in()
    assert (await other.refresh()).status_code == 200


async def test_nothing_presented(service: Service) -> None:
    """Without any proof of a session there is none to end."""
    answer = await service.browser().post("/auth/logout")
    assert problem(answer) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_foreign_tokens_end_nothing(service: Service) -> None:
    """Tokens this server never made are refused."""
    in_body = await service.native().post("/auth/logout", {"refresh_token": "nonsense"})
    assert problem(in_body) == (401, "invalid_refresh_token")
    as_cookie = await service.native().post("/auth/logout", None, cookie="refresh=nonsense")
    assert problem(as_cookie) == (401, "invalid_refresh_token")


async def test_cookie_and_body_together_are_refused(service: Service) -> None:
    """Two refresh tokens at once are 400, and no session ends."""
    person, browser = await service.signed_in()
    _, native = await service.signed_in(person, native=True)
    answer = await browser.post("/auth/logout", {"refresh_token": native.refresh_token})
    assert problem(answer) == (400, "malformed_request")
    assert await browser.is_signed_in()
    assert await native.is_signed_in()


async def test_token_ends_a_session_only_in_its_own_transport(service: Service) -> None:
    """A cookie's token ends nothing from a body, nor a native one from a cookie."""
    person, browser = await service.signed_in()
    _, native = await service.signed_in(person, native=True)
    in_body = await service.native().post("/auth/logout", {"refresh_token": browser.cookie})
    assert problem(in_body) == (401, "invalid_refresh_token")
    as_cookie = await service.native().post("/auth/logout", None, cookie=f"refresh={native.refresh_token}")
    assert problem(as_cookie) == (401, "invalid_refresh_token")
    assert await browser.is_signed_in()
    assert await native.is_signed_in()


async def test_signing_out_twice_is_no_mistake(service: Service) -> None:
    """The second of two tabs signs out as well, with the cookie it sent before the first was answered."""
    _, browser = await service.signed_in()
    cookie = browser.cookie
    assert (await browser.post("/auth/logout")).status_code == 204
    again = await service.native().post("/auth/logout", None, cookie=f"refresh={cookie}")
    assert again.status_code == 204
    assert "max-age=0" in again.headers["set-cookie"].lower()


async def test_logout_all_ends_every_session(service: Service) -> None:
    """Everywhere means everywhere, this session included; the answer counts the living ones."""
    person, browser = await service.signed_in()
    clients = [browser, *[(await service.signed_in(person, native=n % 2 == 0))[1] for n in range(3)]]
    await clients[1].post("/auth/logout")
    bystander, other = await service.signed_in()
    answer = await browser.post("/auth/logout-all")
    assert answer.status_code == 200
    assert answer.json() == {"revoked_sessions": 3}
    assert browser.cookie is None
    for client in clients:
        assert problem(await client.get("/auth/me")) == (401, "session_revoked")
        assert await is_over(service, client)
    assert await other.is_signed_in()
    await assert_can_sign_in(service, person)
    await assert_can_sign_in(service, bystander)


async def test_logout_all_needs_an_access_token(service: Service) -> None:
    """The cookie alone does not end other people's or one's own other sessions."""
    _, browser = await service.signed_in()
    assert problem(await browser.http.post("/auth/logout-all")) == (401, "invalid_token")
    assert await browser.is_signed_in()


async def assert_can_sign_in(service: Service, person: Person) -> None:
    _, client = await service.signed_in(person)
    assert await client.is_signed_in()
