"""What holds for every call: problem documents, content types, sizes, headers, hosts."""

import pytest

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.service import PASSWORD, Service, open_service, problem

WITH_BODY = [
    ("POST", "/auth/register"),
    ("POST", "/auth/login"),
    ("POST", "/auth/email/verify"),
    ("POST", "/auth/password/change"),
    ("POST", "/auth/reauthenticate"),
    ("PATCH", "/auth/me"),
]
MAYBE_BODY = [("POST", "/auth/refresh"), ("POST", "/auth/logout")]
WITHOUT_BODY = [
    ("GET", "/auth/me"),
    ("DELETE", "/auth/me"),
    ("GET", "/auth/sessions"),
    ("DELETE", "/auth/sessions"),
    ("DELETE", "/auth/sessions/x"),
    ("POST", "/auth/logout-all"),
    ("GET", "/auth/health"),
    ("GET", "/auth/health/live"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/.well-known/change-password"),
    ("GET", "/api/data"),
]
EVERY = [*WITH_BODY, *MAYBE_BODY, *WITHOUT_BODY]
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}


@pytest.mark.parametrize(("method", "path"), [*EVERY, ("GET", "/nowhere"), ("TRACE", "/auth/me"), ("GET", "/")])
async def test_every_answer_carries_the_fixed_headers(service: Service, method: str, path: str) -> None:
    """Request id, security headers and `no-store` are on every answer; the one public document says otherwise."""
    answer = await service.browser().send(method, path)
    assert answer.headers["x-request-id"]
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers.get_list(name) == [value]
    assert "camera=()" in answer.headers["permissions-policy"]
    [policy] = answer.headers.get_list("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    [cache] = answer.headers.get_list("cache-control")
    assert set(cache.split(", ")) == ({"public", "max-age=300"} if path.endswith("jwks.json") else {"no-store"})
    assert "strict-transport-security" not in answer.headers
    assert "server" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


async def test_request_ids_differ(service: Service) -> None:
    """Each answer has an id of its own."""
    ids = {(await service.http().get("/auth/health/live")).headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20


@pytest.mark.parametrize(("method", "path"), WITH_BODY + MAYBE_BODY)
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/jsonx",
        "text/json",
        "application/ld+json",
        "",
        None,
    ],
)
async def test_a_body_is_json_or_415(service: Service, method: str, path: str, content_type: str | None) -> None:
    """A body of any other content type, or of none, is 415."""
    headers = {} if content_type is None else {"content-type": content_type}
    answer = await service.http().request(method, path, content=b'{"email":"a@example.org"}', headers=headers)
    assert problem(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8", 'application/json; charset="utf-8"'],
)
async def test_json_may_name_its_charset(service: Service, content_type: str) -> None:
    """`charset=utf-8` is allowed, in any case and quoted or not."""
    person = await service.person()
    body = f'{{"email":"{person.email}","password":"{PASSWORD}"}}'
    answer = await service.http().post("/auth/login", content=body, headers={"content-type": content_type})
    assert answer.status_code == 200


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
async def test_missing_body_is_refused(service: Service, method: str, path: str) -> None:
    """A call that takes a body does not do without."""
    _, browser = await service.signed_in()
    empty = await browser.send(method, path, headers={"content-type": "application/json"})
    assert problem(empty)[0] == 400
    untyped = await browser.send(method, path)
    assert problem(untyped) == (415, "unsupported_media_type")


@pytest.mark.parametrize(("method", "path"), WITHOUT_BODY)
async def test_calls_without_a_body_need_no_content_type(service: Service, method: str, path: str) -> None:
    """Nothing is asked of a call that takes no body, and what comes along is not read."""
    for headers in ({}, {"content-type": "text/plain"}):
        answer = await service.http().request(method, path, headers=headers)
        assert answer.status_code in (200, 302, 401)


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/auth",
        "/auth/",
        "/auth/nope",
        "/auth/login/nope",
        "/admin/users",
        "/metrics",
        "/.git/config",
        "/schema",
        "/schema/openapi.json",
        "/assets/none.js",
        "/%2e%2e/etc/passwd",
    ],
)
async def test_unknown_addresses(service: Service, path: str) -> None:
    """404 as a problem document, the API documentation included where it is off (A-95)."""
    assert problem(await service.http().get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/auth/login", "POST"),
        ("PUT", "/auth/me", "GET"),
        ("HEAD", "/auth/refresh", "POST"),
        ("POST", "/auth/health", "GET"),
        ("TRACE", "/auth/sessions", "DELETE"),
        ("POST", "/auth/sessions/x", "DELETE"),
    ],
)
async def test_methods_that_are_not_there(service: Service, method: str, path: str, allowed: str) -> None:
    """405 as a problem document that names what is allowed (RFC 9110 §15.5.6)."""
    answer = await service.http().request(method, path)
    assert answer.status_code == 405
    assert allowed in answer.headers["allow"].split(", ")
    if method != "HEAD":
        assert problem(answer) == (405, "method_not_allowed")


@pytest.mark.parametrize("header", ["x-http-method-override", "x-method-override", "x-http-method"])
async def test_method_override_headers_do_nothing(service: Service, header: str) -> None:
    """No header makes a GET do what a DELETE does (A-94)."""
    _, browser = await service.signed_in()
    assert (await browser.get("/auth/me", **{header: "DELETE"})).status_code == 200
    assert await browser.is_signed_in()


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "evil.example:8001", "", "localhost:8001:1", "[::1", "user@localhost"],
)
async def test_unknown_hosts_are_refused(service: Service, host: str) -> None:
    """A host that is not served is 400, on every address."""
    for path in ("/auth/health", "/", "/.well-known/jwks.json", "/nowhere"):
        answer = await service.http().get(path, headers={"host": host, "accept": "text/html"})
        assert problem(answer) == (400, "malformed_request")
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_missing_and_double_host_are_refused(service: Service) -> None:
    """Neither no host nor two of them can be served."""
    client = service.http()
    request = client.build_request("GET", "/auth/health")
    del request.headers["host"]
    assert problem(await client.send(request)) == (400, "malformed_request")
    twice = [("host", "localhost:8001"), ("host", "localhost:8001")]
    assert problem(await client.get("/auth/health", headers=twice)) == (400, "malformed_request")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "localhost:8001", "127.0.0.1:8001"])
async def test_known_hosts_are_served_on_any_port(service: Service, host: str) -> None:
    """Case and port of a known host do not matter; its API answers, on `127.0.0.1` too."""
    assert (await service.http().get("/auth/health/live", headers={"host": host})).status_code == 200


async def test_html_on_127_0_0_1_goes_to_localhost(service: Service) -> None:
    """A page asked for by number is sent to the name of the service, path and query kept."""
    client, page = service.http(), {"host": "127.0.0.1:8001", "accept": "text/html,*/*"}
    answer = await client.get("/account?a=b%20c", headers=page)
    assert answer.status_code == 307
    assert answer.headers["location"] == "http://localhost:8001/account?a=b%20c"
    assert (await client.get("/auth/health", headers={"host": "127.0.0.1"})).status_code == 200
    assert (await client.get("/auth/health", headers={"host": "127.0.0.1", "accept": "*/*"})).status_code == 200
    assert (await client.post("/auth/refresh", headers=page)).status_code == 401
    assert (await client.head("/", headers=page)).status_code != 307


async def test_errors_tell_nothing_of_the_inside(service: Service) -> None:
    """What the client sent does not come back, nor does any word of SQL, paths or classes."""
    secret = "s3cret-in-the-request"
    answer = await service.browser().post("/auth/login", {"email": "a@example.org", "password": 1, secret: secret})
    assert problem(answer) == (400, "validation_error")
    for word in ("Traceback", "SELECT", "/src/", ".py", "msgspec", "Struct"):
        assert word not in answer.text


async def test_document_is_served_where_it_is_on(module_database_url: str, redis_server: EmbeddedRedis) -> None:
    """The document is there, as JSON, where the settings say so."""
    async with open_service(module_database_url, redis_server.url, openapi="on") as service:
        answer = await service.http().get("/schema/openapi.json")
        assert answer.status_code == 200
        assert "/auth/login" in answer.json()["paths"]
