"""The service behind HTTPS: cookies by their guarded name, and HSTS."""

from collections.abc import AsyncIterator

import pytest

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.service import Service, open_service, problem


@pytest.fixture(scope="module")
async def service(module_database_url: str, redis_server: EmbeddedRedis) -> AsyncIterator[Service]:
    """A service whose public URL is HTTPS."""
    settings = {"public_url": "https://id.example.com", "allowed_origins": "https://app.example.com"}
    async with open_service(module_database_url, redis_server.url, **settings) as running:
        yield running


async def test_cookie_is_bound_to_host_and_tls(service: Service) -> None:
    """`__Host-refresh` with Secure, Path=/ and no Domain (RFC 6265bis §4.1.3.2), at sign-in and at refresh."""
    person, browser = await service.person(), service.browser()
    for answer in (await browser.sign_in(person), await browser.refresh()):
        [cookie] = answer.headers.get_list("set-cookie")
        name, *attributes = cookie.split("; ")
        assert name.startswith("__Host-refresh=")
        attributes = [a.lower() for a in attributes]
        assert {"secure", "httponly", "samesite=strict", "path=/"} < set(attributes)
        assert not any(a.startswith("domain") for a in attributes)


async def test_cookie_is_removed_under_the_same_name(service: Service) -> None:
    """Signing out removes it, with the attributes without which a browser would not."""
    _, browser = await service.signed_in()
    answer = await browser.post("/auth/logout")
    assert answer.headers["set-cookie"].startswith('__Host-refresh=""; ') or answer.headers["set-cookie"].startswith(
        "__Host-refresh=; "
    )
    assert "secure" in answer.headers["set-cookie"].lower()
    assert browser.cookie is None


async def test_unguarded_name_counts_for_nothing(service: Service) -> None:
    """A cookie without the prefix, which any sibling host can set, is not looked at (A-47)."""
    _, browser = await service.signed_in()
    answer = await service.native().post("/auth/refresh", None, cookie=f"refresh={browser.cookie}")
    assert problem(answer) == (401, "invalid_refresh_token")


@pytest.mark.parametrize("path", ["/auth/health", "/", "/nowhere", "/.well-known/jwks.json"])
async def test_hsts(service: Service, path: str) -> None:
    """Every answer says that this host is HTTPS from now on."""
    answer = await service.http().get(path)
    assert answer.headers["strict-transport-security"].startswith("max-age=63072000")


async def test_access_tokens_name_the_public_origin(service: Service) -> None:
    """Issuer and links come from the settings."""
    _, browser = await service.signed_in()
    assert await browser.is_signed_in()
    assert problem(await service.http().get("/auth/health", headers={"host": "app.example.com"})) == (
        400,
        "malformed_request",
    )


async def test_listed_origins_may_act_on_cookies(service: Service) -> None:
    """An origin of the settings may, one like it may not."""
    _, browser = await service.signed_in()
    cookie = f"__Host-refresh={browser.cookie}"
    client = service.http()
    for origin in ("http://app.example.com", "https://app.example.com.evil.example", "https://app.example.com:444"):
        refused = await client.post("/auth/refresh", headers={"cookie": cookie, "origin": origin})
        assert problem(refused) == (403, "origin_not_allowed")
    accepted = await client.post("/auth/refresh", headers={"cookie": cookie, "origin": "https://app.example.com"})
    assert accepted.status_code == 200
