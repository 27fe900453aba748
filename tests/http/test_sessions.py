"""`/auth/sessions`."""

from uuid import uuid4

import pytest

from tests.http.test_login import SESSION
from tests.support.service import Client, Service, problem

SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.0 Mobile/15E148 Safari/604.1"
)


async def listed(client: Client) -> list[str]:
    return [session["id"] for session in (await client.get("/auth/sessions")).json()["sessions"]]


async def test_list_is_newest_first_with_this_one_marked(service: Service) -> None:
    """Every living session with its device, newest first; exactly the asking one is current."""
    person, first = await service.signed_in()
    service.clock.advance(seconds=1)
    _, second = await service.signed_in(person, native=True)
    service.clock.advance(seconds=1)
    third = service.browser(SAFARI)
    await third.sign_in(person)
    await service.signed_in()
    answer = await second.get("/auth/sessions")
    assert answer.status_code == 200
    assert answer.json().keys() == {"sessions"}
    sessions = answer.json()["sessions"]
    assert all(session.keys() == SESSION for session in sessions)
    assert [session["id"] for session in sessions] == [third.session_id, second.session_id, first.session_id]
    assert [session["current"] for session in sessions] == [False, True, False]
    assert sessions[0]["device"] == {"browser": "Mobile Safari", "os": "iOS", "label": "Mobile Safari on iOS"}
    assert sessions[1]["user_agent"] == "ExampleApp/1.0 (Linux)"
    assert sessions[1]["device"]["label"]


async def test_ended_and_expired_sessions_are_not_listed(service: Service) -> None:
    """What opens nothing any more is not shown."""
    person, idle = await service.signed_in()
    _, ended = await service.signed_in(person)
    await ended.post("/auth/logout")
    service.clock.advance(days=7)
    _, client = await service.signed_in(person)
    assert await listed(client) == [client.session_id]
    assert not await idle.is_signed_in()


async def test_one_session_is_ended(service: Service) -> None:
    """204, and that session is over at once; the others and the asking one go on."""
    person, browser = await service.signed_in()
    _, other = await service.signed_in(person)
    _, third = await service.signed_in(person)
    answer = await browser.delete(f"/auth/sessions/{other.session_id}")
    assert answer.status_code == 204
    assert answer.content == b""
    assert problem(await other.get("/auth/me")) == (401, "session_revoked")
    assert problem(await other.refresh()) == (401, "invalid_refresh_token")
    assert await browser.is_signed_in()
    assert await third.is_signed_in()
    assert set(await listed(browser)) == {browser.session_id, third.session_id}
    again = await browser.delete(f"/auth/sessions/{other.session_id}")
    assert problem(again) == (404, "not_found")


async def test_own_session_can_be_ended_by_id(service: Service) -> None:
    """The asking session may be picked as well."""
    _, browser = await service.signed_in()
    assert (await browser.delete(f"/auth/sessions/{browser.session_id}")).status_code == 204
    assert problem(await browser.get("/auth/me")) == (401, "session_revoked")


async def test_spelling_of_an_id(service: Service) -> None:
    """An id in upper case is the same id."""
    person, browser = await service.signed_in()
    _, other = await service.signed_in(person)
    assert (await browser.delete(f"/auth/sessions/{other.session_id.upper()}")).status_code == 204
    assert not await other.is_signed_in()


async def test_all_others_are_ended(service: Service) -> None:
    """The answer counts the living others; this session stays, with its refresh token."""
    person, browser = await service.signed_in()
    others = [(await service.signed_in(person, native=n % 2 == 0))[1] for n in range(3)]
    await others[0].post("/auth/logout")
    answer = await browser.delete("/auth/sessions")
    assert answer.status_code == 200
    assert answer.json() == {"revoked_sessions": 2}
    for client in others:
        assert problem(await client.get("/auth/me")) == (401, "session_revoked")
    assert await browser.is_signed_in()
    assert (await browser.refresh()).status_code == 200
    assert await listed(browser) == [browser.session_id]
    assert (await browser.delete("/auth/sessions")).json() == {"revoked_sessions": 0}


async def test_others_ids_and_junk_are_the_same_404(service: Service) -> None:
    """Another person's id, one of nobody and one that is none: the same answer, and nothing ends (A-48)."""
    _, browser = await service.signed_in()
    _, stranger = await service.signed_in()
    answers = [
        await browser.delete(f"/auth/sessions/{wanted}")
        for wanted in (stranger.session_id, str(uuid4()), "junk", "0", "%00", "'", "x" * 1000)
    ]
    assert {problem(answer) for answer in answers} == {(404, "not_found")}
    assert len({answer.text for answer in answers}) == 1
    assert await stranger.is_signed_in()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/auth/sessions"),
        ("DELETE", "/auth/sessions"),
        ("DELETE", f"/auth/sessions/{uuid4()}"),
        ("POST", "/auth/logout-all"),
        ("PATCH", "/auth/me"),
        ("DELETE", "/auth/me"),
        ("GET", "/api/data"),
    ],
)
async def test_cookie_alone_opens_none_of_it(service: Service, method: str, path: str) -> None:
    """A cookie is for refreshing and signing out only."""
    _, browser = await service.signed_in()
    body = {"display_name": "x"} if method == "PATCH" else None
    answer = await browser.http.request(method, path, json=body) if body else await browser.http.request(method, path)
    assert problem(answer) == (401, "invalid_token")
    assert await browser.is_signed_in()
