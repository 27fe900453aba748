"""Bodies and headers that are too much, or that are no JSON (attack catalogue A-67 to A-69).

Slow bodies and the time limits on them belong to the server, and come with its limits.
"""

import gzip
from collections.abc import AsyncIterator

import pytest

from tests.support.service import Service, problem

JSON = {"content-type": "application/json"}
CALLS = ["/auth/login", "/auth/register", "/auth/email/verify", "/auth/refresh", "/auth/logout"]
CREDENTIALS = b'{"email":"a@example.org","password":"b"}'


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("size", [65_537, 1_000_000, 20_000_000])
async def test_a67_body_too_large(service: Service, path: str, size: int) -> None:
    """A-67: more than 64 KiB is 413."""
    body = b'{"email":"' + b"a" * (size - 12) + b'"}'
    assert problem(await service.http().post(path, content=body, headers=JSON)) == (413, "payload_too_large")


async def test_a67_the_largest_body_is_read(service: Service) -> None:
    """A-67: at 64 KiB the body is read, and judged by its fields."""
    body = b'{"email":"' + b"a" * (65_536 - 12) + b'"}'
    assert len(body) == 65_536
    answer = await service.http().post("/auth/login", content=body, headers=JSON)
    assert problem(answer) == (400, "validation_error")


@pytest.mark.parametrize("length", ["-1", "1e3", "99999999999999999999", "0x10", "", "65537", "٣"])
async def test_a67_lengths_that_lie(service: Service, length: str) -> None:
    """A-67: a length that is none, or too large, is refused without a look at the body."""
    headers = [(b"content-type", b"application/json"), (b"content-length", length.encode())]
    answer = await service.http().post("/auth/login", content=CREDENTIALS, headers=headers)
    assert problem(answer)[0] in (400, 413)


async def test_a67_endless_body_without_a_length(service: Service) -> None:
    """A-67: a chunked body is cut off at the limit and not read to its end."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 50_000_000:
            sent += 16_384
            yield b" " * 16_384

    answer = await service.http().post("/auth/login", content=endless(), headers=JSON)
    assert problem(answer) == (413, "payload_too_large")
    assert sent < 1_000_000


async def test_a67_calls_without_a_body_read_none(service: Service) -> None:
    """A-67: a body where none belongs is neither read nor waited for."""
    _, browser = await service.signed_in()
    big = {"content-length": "1000000"}
    answer = await service.http().request("GET", "/auth/health/live", headers=big)
    assert problem(answer) == (413, "payload_too_large")
    assert await browser.is_signed_in()


async def test_a67_compressed_bodies_stay_compressed(service: Service) -> None:
    """A-67: nothing is decompressed; packed JSON is no JSON."""
    bomb = gzip.compress(b" " * 10_000_000 + CREDENTIALS)
    assert len(bomb) < 65_536
    for encoding in ("gzip", "deflate", "br", "zstd"):
        headers = {**JSON, "content-encoding": encoding}
        answer = await service.http().post("/auth/login", content=bomb, headers=headers)
        assert problem(answer)[0] in (400, 415)


BODIES: dict[str, bytes] = {
    "nested arrays": b"[" * 30_000 + b"]" * 30_000,
    "nested arrays, open": b"[" * 60_000,
    "nested objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "nested in a field": b'{"email":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(5_000)) + b"}",
    "huge number": b'{"email":' + b"9" * 50_000 + b"}",
    "huge exponent": b'{"email":1e99999}',
    "NaN": b'{"email":NaN,"password":"b"}',
    "Infinity": b'{"email":-Infinity}',
    "invalid UTF-8": b'{"email":"\xff\xfe","password":"b"}',
    "overlong UTF-8": b'{"email":"\xc0\xaf","password":"b"}',
    "encoded surrogate": b'{"email":"\xed\xa0\x80","password":"b"}',
    "byte order mark": b"\xef\xbb\xbf" + CREDENTIALS,
    "UTF-16": CREDENTIALS.decode().encode("utf-16"),
    "UTF-32": CREDENTIALS.decode().encode("utf-32-le"),
    "lone surrogate": b'{"email":"\\ud800","password":"b"}',
    "lone low surrogate": b'{"email":"a@example.org","password":"\\udc00"}',
    "raw control": b'{"email":"a\x00b","password":"b"}',
    "single quotes": b"{'email':'a@example.org'}",
    "trailing comma": b'{"email":"a@example.org","password":"b",}',
    "comment": b'{"email":"a@example.org"/**/,"password":"b"}',
    "two documents": CREDENTIALS * 2,
    "cut": CREDENTIALS[:-1],
    "empty": b"",
    "space": b"   ",
    "null": b"null",
    "array": b"[]",
    "string": b'"x"',
    "number": b"7",
    "NUL": b"\x00",
    "form": b"email=a%40example.org&password=b",
}


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("body", BODIES)
async def test_a68_bodies_that_are_no_request(service: Service, path: str, body: str) -> None:
    """A-68: deep, huge, broken and foreign JSON is 400, never 500."""
    answer = await service.http().post(path, content=BODIES[body], headers=JSON)
    optional = path in ("/auth/refresh", "/auth/logout") and body in ("empty", "null", "space")
    if optional and answer.status_code == 401:
        return
    status, code = problem(answer)
    assert status == 400
    assert code in ("malformed_request", "validation_error")


async def test_a68_duplicate_keys(service: Service) -> None:
    """A-68: of two keys of one name the last counts, always, and only that one is judged."""
    person = await service.person()
    for passwords, status in (("wrong", person.password), 200), ((person.password, "wrong"), 401):
        fields = ",".join(f'"password":"{password}"' for password in passwords)
        body = f'{{"email":"{person.email}",{fields}}}'
        answer = await service.http().post("/auth/login", content=body, headers=JSON)
        assert answer.status_code == status


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b" ",
        b"Bearer",
        b"Bearer ",
        b"bearer  x",
        b"Bearer\tx",
        b"Bearer x y",
        b"Bearer=x",
        b"Basic dXNlcjpwYXNz",
        b"Digest username=x",
        b"DPoP x",
        b"Negotiate YII",
        b"Token x",
        b"x",
        b"\xff\xfe",
        "Bearer é".encode(),
        b"Bearer \x00",
        b"Bearer " + b"x" * 65_536,
        b", Bearer x",
    ],
)
async def test_a69_weird_authorization(service: Service, value: bytes) -> None:
    """A-69: an `Authorization` header that names no token of ours is 401."""
    for path in ("/auth/me", "/api/data"):
        answer = await service.http().get(path, headers={b"authorization": value})
        assert problem(answer) == (401, "invalid_token")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_a69_two_authorization_headers(service: Service) -> None:
    """A-69: of two headers neither is believed, though both be right."""
    _, browser = await service.signed_in()
    right = f"Bearer {browser.access_token}"
    for pair in ((right, right), (right, "Basic x"), ("Bearer x", right)):
        answer = await service.http().get("/auth/me", headers=[("authorization", value) for value in pair])
        assert problem(answer) == (401, "invalid_token")


async def test_a69_scheme_in_any_case(service: Service) -> None:
    """A-69: the name of the scheme is the same in any case (RFC 9110 §11.1)."""
    _, browser = await service.signed_in()
    for scheme in ("bearer", "BEARER", "Bearer"):
        headers = {"authorization": f"{scheme} {browser.access_token}"}
        assert (await service.http().get("/auth/me", headers=headers)).status_code == 200


async def test_a69_many_and_large_cookies(service: Service) -> None:
    """A-69: among 500 cookies ours is found, and a huge or broken one is no harm."""
    _, browser = await service.signed_in()
    many = "; ".join(f"c{n}={n}" for n in range(500))
    answer = await service.http().post("/auth/refresh", headers={"cookie": f"{many}; refresh={browser.cookie}"})
    assert answer.status_code == 200
    for cookie in (
        b"refresh=" + b"x" * 65_536,
        b"=;;;==;refresh",
        b"\xff=\xfe; refresh=\x80",
        b"refresh=;" * 500,
        b";" * 60_000,
    ):
        refused = await service.http().post("/auth/refresh", headers={b"cookie": cookie})
        assert problem(refused) == (401, "invalid_refresh_token")


@pytest.mark.parametrize("value", ["A" * 65_536, "\x1b[31m<script>", "é" * 600, "%s%n{}", "\t", "x\x00y"])
async def test_a69_user_agents(service: Service, value: str) -> None:
    """A-69: whatever calls itself anything is listed by a bounded, printable name."""
    person, client = await service.person(), service.http()
    headers = {b"user-agent": value.encode("latin-1")}
    answer = await client.post("/auth/login", json=person.credentials, headers=headers)
    assert answer.status_code == 200
    session = answer.json()["session"]
    assert len(session["user_agent"] or "") <= 512
    assert (session["user_agent"] or "").isprintable()
    assert session["device"]["label"]
    assert session["device"]["label"].isprintable()


@pytest.mark.parametrize("header", ["x-forwarded-for", "x-real-ip", "forwarded", "cf-connecting-ip", "true-client-ip"])
async def test_a61_forwarding_headers_are_not_believed(service: Service, header: str) -> None:
    """A-61: without a trusted proxy the address is the peer's, whatever a header says."""
    person, client = await service.person(), service.http()
    answer = await client.post("/auth/login", json=person.credentials, headers={header: "198.51.100.99"})
    assert answer.json()["session"]["ip"] == "203.0.113.7"
