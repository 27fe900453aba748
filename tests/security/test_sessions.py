"""Attacks on refresh tokens, cookies and sessions (attack catalogue §6.2)."""

import asyncio
from collections import Counter
from uuid import UUID, uuid4

import pytest

from hybrid_auth.sessions.refresh_tokens import RefreshToken, RefreshTokens
from tests.support.service import ORIGIN, PASSWORD, SECRET_KEY, Service, problem


async def replay(service: Service, token: str | None, *, native: bool = False) -> "tuple[int, str]":
    client = service.native()
    if native:
        return problem(await client.post("/auth/refresh", {"refresh_token": token}))
    return problem(await client.post("/auth/refresh", None, cookie=f"refresh={token}"))


@pytest.mark.parametrize("native", [False, True])
async def test_a14_replaced_token_after_its_grace(service: Service, native: bool) -> None:
    """A-14: a superseded token ends the session it belongs to: successor and access tokens are dead, cause recorded."""
    person, client = await service.signed_in(native=native)
    _, bystander = await service.signed_in(person)
    stolen = client.refresh_token
    assert (await client.refresh()).status_code == 200
    service.clock.advance(seconds=21)
    assert await replay(service, stolen, native=native) == (401, "refresh_token_reused")
    assert problem(await client.get("/auth/me")) == (401, "session_revoked")
    assert problem(await client.refresh())[0] == 401
    [(reason,)] = await service.rows(
        "SELECT revoked_reason FROM hybrid_auth_sessions WHERE id = :id", id=UUID(client.session_id)
    )
    assert reason == "refresh_token_reused"
    assert await bystander.is_signed_in()


async def test_a14_cookie_is_cleared(service: Service) -> None:
    """A-14: whoever replays a cookie loses it."""
    _, client = await service.signed_in()
    stolen = client.cookie
    await client.refresh()
    service.clock.advance(seconds=21)
    answer = await service.native().post("/auth/refresh", None, cookie=f"refresh={stolen}")
    assert problem(answer) == (401, "refresh_token_reused")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "max-age=0" in answer.headers["set-cookie"].lower()


async def test_a14_two_generations_back(service: Service) -> None:
    """A-14: within the grace too, only the very last token is forgiven."""
    _, client = await service.signed_in()
    stolen = client.cookie
    await client.refresh()
    await client.refresh()
    assert await replay(service, stolen) == (401, "refresh_token_reused")
    assert problem(await client.get("/auth/me")) == (401, "session_revoked")


async def test_a14_within_the_grace_is_no_theft(service: Service) -> None:
    """A-14: two tabs with the same token get the same successor, fifty at once too (A-70)."""
    _, client = await service.signed_in(native=True)
    body = {"refresh_token": client.refresh_token}
    answers = await asyncio.gather(*(service.native().post("/auth/refresh", body) for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {200: 50}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    service.clock.advance(seconds=20)
    late = await service.native().post("/auth/refresh", body)
    assert late.json()["refresh_token"] == answers[0].json()["refresh_token"]
    client.keep(late)
    assert await client.is_signed_in()


async def test_a16_tokens_of_others_and_of_the_dead(service: Service) -> None:
    """A-16: after sign-out or deletion a refresh token is worth nothing."""
    person, client = await service.signed_in()
    token = client.cookie
    await client.post("/auth/logout")
    assert await replay(service, token) == (401, "invalid_refresh_token")
    await client.sign_in(person)
    token = client.cookie
    assert (await client.delete("/auth/me")).status_code == 204
    assert await replay(service, token) == (401, "invalid_refresh_token")


async def test_a16_parts_of_two_tokens(service: Service) -> None:
    """A-16: no mixture of two good tokens is a good one."""
    _, client = await service.signed_in(native=True)
    _, other = await service.signed_in(native=True)
    own, foreign = [(c.refresh_token or "").split(".") for c in (client, other)]
    for part in range(4):
        mixed = [*own]
        mixed[part] = foreign[part]
        if mixed != own:
            assert await replay(service, ".".join(mixed), native=True) == (401, "invalid_refresh_token")
    for generation in ("1", "00", "-1", "0 ", "2147483646", "9" * 30):
        raised = [own[0], generation, *own[2:]]
        assert await replay(service, ".".join(raised), native=True) == (401, "invalid_refresh_token")
    assert (await client.refresh()).status_code == 200
    assert (await other.refresh()).status_code == 200


async def test_a16_key_without_the_salt(service: Service) -> None:
    """A-16: who has the server's key, and not the salt that only the client holds, makes no token of a session."""
    person, client = await service.signed_in(native=True)
    ring = RefreshTokens((SECRET_KEY,))
    own = ring.read(client.refresh_token or "")
    assert own is not None
    forged = RefreshToken(
        user_id=person.id, session_id=UUID(client.session_id), generation=own.generation, salt="A" * 43
    )
    assert await replay(service, ring.write(forged), native=True) == (401, "invalid_refresh_token")
    assert (await client.refresh()).status_code == 200


@pytest.mark.parametrize("native", [False, True])
async def test_a17_broken_forms(service: Service, native: bool) -> None:
    """A-17: cut, changed, empty, hostile and oversized forms are refused, and the session goes on."""
    _, client = await service.signed_in(native=native)
    good = client.refresh_token or ""
    middle = len(good) // 2
    forms = [
        good[:-1],
        good + "A",
        good + "=",
        good[:middle] + ("A" if good[middle] != "A" else "B") + good[middle + 1 :],
        good.swapcase(),
        "." + good,
        good.replace(".", ""),
        "",
        ".",
        "...",
        "A" * 500,
    ]
    if native:
        forms += [good + "\0", "\0" * 10, "é" * 10, good + "\n", " " + good, "\U0001f600"]
    for form in forms:
        assert await replay(service, form, native=native) == (401, "invalid_refresh_token")
    assert (await client.refresh()).status_code == 200


async def test_a17_oversized(service: Service) -> None:
    """A-17: a megabyte of token is refused by its size alone."""
    in_body = await service.native().post("/auth/refresh", {"refresh_token": "A" * 1_000_000})
    assert problem(in_body) == (413, "payload_too_large")
    as_cookie = await service.native().post("/auth/refresh", None, cookie="refresh=" + "A" * 1_000_000)
    assert problem(as_cookie) == (401, "invalid_refresh_token")
    raw = await service.http().post("/auth/refresh", headers={b"cookie": b"refresh=\xff\xfe\x00"})
    assert problem(raw) == (401, "invalid_refresh_token")


async def test_a18_absolute_and_idle_limits(service: Service) -> None:
    """A-18: idle for seven days or thirty days old, a session is over, whatever the cookie says."""
    _, idle = await service.signed_in()
    _, busy = await service.signed_in()
    for _ in range(5):
        service.clock.advance(days=6)
        refreshed = await busy.refresh()
    assert problem(refreshed) == (401, "invalid_refresh_token")
    assert problem(await idle.refresh()) == (401, "invalid_refresh_token")


async def test_a19_redis_flushed(service: Service) -> None:
    """A-19: with Redis emptied, living sessions go on and no ended one comes back."""
    _, living = await service.signed_in()
    _, ended = await service.signed_in()
    await living.refresh()
    stolen = ended.cookie
    await ended.get("/auth/me")
    await ended.post("/auth/logout")
    async with service.redis() as redis:
        await redis.flushall()
    assert await living.is_signed_in()
    assert (await living.refresh()).status_code == 200
    assert problem(await ended.get("/auth/me")) == (401, "session_revoked")
    assert await replay(service, stolen) == (401, "invalid_refresh_token")


async def test_a19_old_records_put_back(service: Service) -> None:
    """A-19: the records of before a sign-out, put back into Redis as a restored copy would, open nothing."""
    person, client = await service.signed_in()
    token = client.cookie
    assert await client.is_signed_in()
    async with service.redis() as redis:
        # Another run of Redis has another epoch; here the number an operator bumps after loading an old dump.
        saved = {key: await redis.dump(key) for key in await service.redis_keys(person)}
        assert saved
        await client.post("/auth/logout")
        assert problem(await client.get("/auth/me")) == (401, "session_revoked")
        await redis.flushall()
        await redis.set("ha:epoch", 7)
    await service.forget_redis_connections()
    async with service.redis() as redis:
        for key, dump in saved.items():
            await redis.restore(key, 0, dump or b"")
    assert problem(await client.get("/auth/me")) == (401, "session_revoked")
    assert await replay(service, token) == (401, "invalid_refresh_token")


async def test_a40_planted_session(service: Service) -> None:
    """A-40: signing in over a planted cookie makes a session of its own, and the planted one is dead."""
    _, attacker = await service.signed_in()
    planted = attacker.cookie or ""
    victim = await service.person()
    browser = service.browser()
    browser.http.cookies.set("refresh", planted, domain="localhost.local", path="/")
    assert browser.cookie == planted
    await browser.sign_in(victim)
    assert browser.cookie != planted
    assert browser.session_id != attacker.session_id
    assert (await browser.get("/auth/me")).json()["id"] == str(victim.id)
    assert problem(await attacker.get("/auth/me")) == (401, "session_revoked")
    assert await replay(service, planted) == (401, "invalid_refresh_token")


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://localhost"},
    {"origin": "http://localhost:8002"},
    {"origin": "https://localhost:8001"},
    {"origin": "http://localhost:8001.evil.example"},
    {"origin": "http://evil.localhost:8001"},
    {"origin": "http://localhost:8001/"},
    {"origin": "http://localhost:8001, https://evil.example"},
    {"origin": "file://"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "anything"},
    {"sec-fetch-site": ""},
    {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_a41_sign_in_from_another_page(service: Service, headers: dict[str, str]) -> None:
    """A-41: another page signs nobody in or up."""
    person, client = await service.person(), service.http()
    login = await client.post("/auth/login", json=person.credentials, headers=headers)
    assert problem(login) == (403, "origin_not_allowed")
    assert "set-cookie" not in login.headers
    assert await service.rows("SELECT id FROM hybrid_auth_sessions WHERE user_id = :id", id=person.id) == []
    email = f"{uuid4().hex}@example.org"
    register = await client.post("/auth/register", json={"email": email, "password": PASSWORD}, headers=headers)
    assert problem(register) == (403, "origin_not_allowed")


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_a42_a43_use_of_the_cookie_by_another_page(service: Service, headers: dict[str, str]) -> None:
    """A-42, A-43: from another site, or a sibling of ours, a cookie renews nothing and signs nobody out."""
    _, browser = await service.signed_in()
    cookie = {"cookie": f"refresh={browser.cookie}"}
    for path in ("/auth/refresh", "/auth/logout"):
        answer = await service.http().post(path, headers={**cookie, **headers})
        assert problem(answer) == (403, "origin_not_allowed")
        assert "set-cookie" not in answer.headers
    generation = await service.rows(
        "SELECT generation, revoked_at FROM hybrid_auth_sessions WHERE id = :id", id=UUID(browser.session_id)
    )
    assert generation == [(0, None)]
    assert await browser.is_signed_in()
    assert (browser.cookie or "").split(".")[1] == "0"
    assert (await browser.refresh()).status_code == 200


async def test_a43_two_origins(service: Service) -> None:
    """A-43: a request with two origins, one of them right, comes from neither."""
    _, browser = await service.signed_in()
    headers = [("cookie", f"refresh={browser.cookie}"), ("origin", ORIGIN), ("origin", "https://evil.example")]
    assert problem(await service.http().post("/auth/refresh", headers=headers)) == (403, "origin_not_allowed")


@pytest.mark.parametrize(
    "headers", [{}, {"sec-fetch-site": "none"}, {"sec-fetch-site": "same-origin"}, {"origin": ORIGIN}]
)
async def test_a44_no_browser_or_our_own_page(service: Service, headers: dict[str, str]) -> None:
    """A-44, as the contract has it: without `Origin` and `Sec-Fetch-Site` it is no browser, and may use its cookie."""
    _, browser = await service.signed_in()
    answer = await service.http().post("/auth/refresh", headers={"cookie": f"refresh={browser.cookie}", **headers})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
)
async def test_a45_simple_requests(service: Service, content_type: str | None) -> None:
    """A-45: what a form or a beacon can send without a preflight is 415, and does nothing."""
    person, browser = await service.signed_in()
    headers = {"content-type": content_type} if content_type else {}
    credentials = f'{{"email":"{person.email}","password":"{PASSWORD}"}}'.encode()
    token = f'{{"refresh_token":"{browser.cookie}"}}'.encode()
    for path, body in (("/auth/login", credentials), ("/auth/refresh", token), ("/auth/logout", token)):
        answer = await service.http().post(path, content=body, headers=headers)
        assert problem(answer) == (415, "unsupported_media_type")
        assert "set-cookie" not in answer.headers
    assert await browser.is_signed_in()


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "%2f%2fevil.example",
        "@evil.example",
        "%0d%0aLocation:%20https://evil.example",
    ],
)
async def test_a46_open_redirects(service: Service, target: str) -> None:
    """A-46: the one redirect there is leads to our own origin, wherever it is asked to lead."""
    page = {"host": "127.0.0.1", "accept": "text/html"}
    client = service.http()
    for path in (f"/?next={target}", f"/login?next={target}", f"/{target.lstrip('/')}", f"//{target.lstrip('/')}"):
        answer = await client.get("http://localhost:8001" + path, headers=page)
        assert answer.status_code == 307
        location = answer.headers["location"]
        assert location.startswith(f"{ORIGIN}/")
        assert not location.removeprefix(ORIGIN).startswith(("//", "/\\"))
        assert answer.headers.get_list("location") == [location]
    direct = await client.get("/", params={"next": target})
    assert "location" not in direct.headers


async def test_a47_two_cookies_of_one_name(service: Service) -> None:
    """A-47: where a second cookie of the name was planted, neither is believed and both sessions go on."""
    _, browser = await service.signed_in()
    _, attacker = await service.signed_in()
    for first, second in ((browser, attacker), (attacker, browser)):
        one, two = f"refresh={first.cookie}", f"refresh={second.cookie}"
        for headers in ([("cookie", f"{one}; {two}")], [("cookie", one), ("cookie", two)]):
            for path in ("/auth/refresh", "/auth/logout"):
                answer = await service.http().post(path, headers=headers)
                assert problem(answer) == (401, "invalid_refresh_token")
                assert "set-cookie" not in answer.headers
    assert await browser.is_signed_in()
    assert await attacker.is_signed_in()
    assert (await browser.refresh()).status_code == 200


async def test_a48_sessions_of_others(service: Service) -> None:
    """A-48: somebody else's session, none, and no id at all are the same 404."""
    _, browser = await service.signed_in()
    _, stranger = await service.signed_in()
    answers = [await browser.delete(f"/auth/sessions/{i}") for i in (stranger.session_id, uuid4(), "1", "%2e%2e")]
    assert {problem(answer) for answer in answers} == {(404, "not_found")}
    assert len({answer.text for answer in answers}) == 1
    assert stranger.session_id not in (await browser.get("/auth/sessions")).text
    assert await stranger.is_signed_in()


@pytest.mark.parametrize(
    "origin", ["null", "https://evil.example", "https://evil-localhost:8001", "http://localhost:8002"]
)
async def test_a49_cross_origin_reading(service: Service, origin: str) -> None:
    """A-49: no page of another origin may read an answer, nor is one told so by a preflight."""
    _, browser = await service.signed_in()
    preflight = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    answers = [
        await service.http().options("/auth/login", headers=preflight),
        await service.http().options("/auth/me", headers=preflight),
        await service.http().get("/auth/me", headers={"origin": origin}),
        await browser.get("/auth/me", origin=origin),
        await service.http().get("/.well-known/jwks.json", headers={"origin": origin}),
    ]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_tokens_are_not_in_the_stores(service: Service) -> None:
    """Nothing in either store is a refresh or access token, or becomes one without what only the client holds."""
    person, client = await service.signed_in(native=True)
    await client.get("/auth/me")
    salt = (client.refresh_token or "").split(".")[2]
    async with service.redis() as redis:
        records = [str(await redis.get(key)) for key in await service.redis_keys(person)]
    rows = await service.rows("SELECT * FROM hybrid_auth_sessions WHERE user_id = :id", id=person.id)
    for text in (*records, repr(rows)):
        assert salt not in text
        assert (client.access_token or "") not in text
