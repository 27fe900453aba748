"""`POST /auth/refresh`."""

import pytest

from tests.support.service import Service, problem


async def test_browser_gets_a_new_cookie(service: Service) -> None:
    """A browser gets an access token in the body, the next refresh token as a cookie, and nothing more."""
    _, browser = await service.signed_in()
    before = browser.cookie
    service.clock.advance(seconds=100)
    answer = await browser.refresh()
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 300)
    [cookie] = answer.headers.get_list("set-cookie")
    attributes = {a.lower() for a in cookie.split("; ")[1:]}
    assert attributes == {"httponly", "samesite=strict", "path=/", "max-age=2591900"}
    assert browser.cookie != before
    assert await browser.is_signed_in()


async def test_native_client_gets_a_new_token(service: Service) -> None:
    """A native client gets the next refresh token in the body and no cookie."""
    _, native = await service.signed_in(native=True)
    before = native.refresh_token
    answer = await native.refresh()
    assert answer.json().keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert "set-cookie" not in answer.headers
    assert native.refresh_token != before
    assert await native.is_signed_in()


async def test_refresh_works_with_an_expired_access_token(service: Service) -> None:
    """Renewing needs no access token, and an expired one beside the cookie does not matter."""
    _, browser = await service.signed_in()
    service.clock.advance(seconds=300)
    expired = await browser.get("/auth/me")
    assert problem(expired) == (401, "invalid_token")
    assert (await browser.refresh()).status_code == 200
    assert await browser.is_signed_in()


async def test_cookie_and_body_together_are_refused(service: Service) -> None:
    """Two refresh tokens at once are 400, and neither is used."""
    person, browser = await service.signed_in()
    _, native = await service.signed_in(person, native=True)
    answer = await browser.post("/auth/refresh", {"refresh_token": native.refresh_token})
    assert problem(answer) == (400, "malformed_request")
    assert "set-cookie" not in answer.headers
    assert (await browser.refresh()).status_code == 200
    assert (await native.refresh()).status_code == 200


async def test_token_works_only_in_its_own_transport(service: Service) -> None:
    """A cookie's token is worth nothing in a body, nor a native one in a cookie; both stay good where they belong."""
    person, browser = await service.signed_in()
    _, native = await service.signed_in(person, native=True)
    in_body = await service.native().post("/auth/refresh", {"refresh_token": browser.cookie})
    assert problem(in_body) == (401, "invalid_refresh_token")
    as_cookie = await service.native().post("/auth/refresh", None, cookie=f"refresh={native.refresh_token}")
    assert problem(as_cookie) == (401, "invalid_refresh_token")
    assert (await browser.refresh()).status_code == 200
    assert (await native.refresh()).status_code == 200


async def test_nothing_presented(service: Service) -> None:
    """Without any refresh token there is nothing to renew."""
    answer = await service.browser().post("/auth/refresh")
    assert problem(answer) == (401, "invalid_refresh_token")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", [{}, {"refresh_token": 7}, {"refresh_token": "x" * 513}, {"token": "x"}, [], "x"])
async def test_body_is_checked(service: Service, body: object) -> None:
    """A body of another shape is a validation error."""
    answer = await service.native().post("/auth/refresh", body)
    assert problem(answer) == (400, "validation_error")


async def test_a_failed_refresh_leaves_the_cookie(service: Service) -> None:
    """A sign-in in another tab may have overtaken it, and its cookie must not be deleted by the loser of that race."""
    _, browser = await service.signed_in()
    cookie = browser.cookie
    await browser.post("/auth/logout-all")
    ended = await service.native().post("/auth/refresh", None, cookie=f"refresh={cookie}")
    assert problem(ended) == (401, "invalid_refresh_token")
    assert "set-cookie" not in ended.headers
    foreign = await service.native().post("/auth/refresh", None, cookie="refresh=whatever")
    assert problem(foreign) == (401, "invalid_refresh_token")
    assert "set-cookie" not in foreign.headers


async def test_expiry_is_never_extended(service: Service) -> None:
    """The last token of a session lives no longer than the session, and its cookie neither."""
    _, browser = await service.signed_in()
    for _ in range(5):
        service.clock.advance(days=5)
        assert (await browser.refresh()).status_code == 200
    service.clock.advance(days=5, seconds=-100)
    answer = await browser.refresh()
    assert answer.json()["expires_in"] == 100
    assert "max-age=100;" in answer.headers["set-cookie"].lower()
    service.clock.advance(seconds=100)
    assert problem(await browser.get("/auth/me"))[0] == 401
    over = await browser.refresh()
    assert problem(over) == (401, "invalid_refresh_token")
