"""No path reaches a session of an account with two factors by one of them: every call is tried (A-33 to A-35)."""

import re
from collections.abc import AsyncIterator, Iterable

import httpx
import pytest

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.passkeys import OPTIONS, VERIFY
from tests.support.routes import Call, calls_of
from tests.support.service import PASSWORD, Client, Person, Service, open_service, problem
from tests.support.two_factor import ACTIVATE, BY_RECOVERY_CODE, BY_TOTP, ENROLL, first_step, turn_on

TOKEN = "…"
"""Stands for what is tried."""
PUBLIC: dict[tuple[str, str], tuple[dict[str, object] | None, ...]] = {
    ("POST", "/auth/register"): ({"email": "somebody@example.org", "password": PASSWORD},),
    ("POST", "/auth/login"): ({"email": "somebody@example.org", "password": TOKEN},),
    ("POST", BY_TOTP): ({"mfa_token": TOKEN, "code": "abcdef"}, {"mfa_token": "x", "code": "123456"}),
    ("POST", BY_RECOVERY_CODE): ({"mfa_token": TOKEN, "code": "abcdef"},),
    ("POST", "/auth/refresh"): (None, {"refresh_token": TOKEN}),
    ("POST", "/auth/logout"): (None, {"refresh_token": TOKEN}),
    ("POST", "/auth/email/verify"): ({"token": TOKEN},),
    ("POST", OPTIONS): (None, {"mode": "conditional"}),
    ("POST", VERIFY): ({"credential": {"id": TOKEN}},),
    ("POST", "/auth/passkeys/authentication/options"): (None,),
    ("POST", "/auth/passkeys/authentication/verify"): ({"credential": {"id": TOKEN}},),
    ("POST", ENROLL): (None,),
    ("POST", ACTIVATE): ({"code": "123456"},),
}
"""Calls for nobody in particular, and the bodies that they are tried with. A new one belongs here too."""
THE_SAME_TO_ANYBODY = re.compile(r"/(\.well-known/.*|auth/health(/live)?|assets/.*|[a-z-]*|favicon\.svg)")
"""Calls without a body that are for nobody in particular: pages and facts about the service."""
ENROLMENT = {("POST", ENROLL), ("POST", ACTIVATE), ("POST", OPTIONS), ("POST", VERIFY)}


@pytest.fixture(scope="module")
async def strict(module_database_url: str, redis_server: EmbeddedRedis) -> AsyncIterator[Service]:
    """A service that asks a second factor of everybody, on the stores of the one that does not."""
    async with open_service(module_database_url, redis_server.url, require_second_factor="all") as running:
        yield running


def test_the_table_is_whole(service: Service) -> None:
    """Each call is for somebody signed in, listed above, or the same to anybody."""
    public = {(call.method, call.name) for call in calls_of(service) if not call.guarded}
    assert {call for call in public if call not in PUBLIC and not THE_SAME_TO_ANYBODY.fullmatch(call[1])} == set()
    assert {method for method, path in public if (method, path) not in PUBLIC} == {"GET"}
    assert PUBLIC.keys() <= public
    assert len([call for call in calls_of(service) if call.guarded]) >= 17


def _bodies(call: Call, token: str) -> Iterable[dict[str, object] | None]:
    if (call.method, call.name) not in PUBLIC:
        yield {} if call.method in ("POST", "PUT", "PATCH") else None
    for body in PUBLIC.get((call.method, call.name), ()):
        yield None if body is None else {name: _put(value, token) for name, value in body.items()}


def _put(value: object, token: str) -> object:
    return {"id": token} if isinstance(value, dict) else token if value == TOKEN else value


async def opened_by(service: Service, person: Person, token: str, *, cookie: str) -> set[tuple[str, str]]:
    """The calls that let the bearer of `token` in, or the holder of `cookie`, or treat them unlike somebody unknown."""
    opened = set()
    for call in calls_of(service):
        for body, unknown in zip(_bodies(call, token), _bodies(call, "x" * len(token)), strict=True):
            nobody = await _send(service, call, unknown)
            bearer = {"authorization": f"Bearer {token}"}
            for headers in (bearer, {"cookie": cookie}, bearer | {"cookie": cookie}):
                answer = await _send(service, call, body, headers)
                assert answer.status_code < 500, (call, answer.text)
                # Whoever adds a factor is told for which account: that is what an app and a device show.
                assert person.email not in answer.text or (call.method, call.name) in ENROLMENT, call
                assert "access_token" not in answer.text, call
                assert all("Max-Age=0" in set_ for set_ in answer.headers.get_list("set-cookie")), call
                # Cookie and body together are refused before either is read.
                refused = answer.status_code == 401 or "malformed_request" in answer.text
                if not refused and (call.guarded or answer.status_code != nobody.status_code):
                    opened.add((call.method, call.name))
    return opened


async def _send(
    service: Service, call: Call, body: dict[str, object] | None, headers: dict[str, str] | None = None
) -> httpx.Response:
    content = {} if body is None else {"json": body}
    return await service.http(headers=headers).request(call.method, call.path, **content)  # type: ignore[arg-type]


async def before_and_after(service: Service) -> tuple[Person, Client, Client]:
    """Somebody who turned TOTP on, and a browser and a native client that were signed in before."""
    person, browser = await service.signed_in()
    _, native = await service.signed_in(person, native=True)
    _, elsewhere = await service.signed_in(person)
    await turn_on(service, elsewhere)
    return person, browser, native


async def test_an_mfa_token_opens_the_second_step_alone(service: Service) -> None:
    """A-34: as bearer, as any other kind of token, as a cookie. What it is good for it is still good for after that."""
    person, _, _ = await before_and_after(service)
    token = await first_step(service.browser(), person)
    cookie = f"refresh={token}; trusted={token}"
    assert await opened_by(service, person, token, cookie=cookie) == set()
    answer = await service.browser().post(BY_TOTP, {"mfa_token": token, "code": "no code"})
    assert problem(answer) == (401, "invalid_code")


async def test_tokens_from_before_open_nothing(service: Service) -> None:
    """Access and refresh tokens of sessions that one factor opened, of a browser and of a native client."""
    person, browser, native = await before_and_after(service)
    for client in (browser, native):
        for token in (client.access_token, client.refresh_token):
            cookie = f"refresh={client.refresh_token}"
            # That a session which is over is signed out changes nothing, and tells nothing.
            assert await opened_by(service, person, token or "", cookie=cookie) <= {("POST", "/auth/logout")}


async def test_tokens_from_before_a_policy_open_nothing(service: Service, strict: Service) -> None:
    """The same service, started again with a policy."""
    person, browser = await service.signed_in()
    _, native = await service.signed_in(person, native=True)
    for client in (browser, native):
        for token in (client.access_token, client.refresh_token):
            cookie = f"refresh={client.refresh_token}"
            assert await opened_by(strict, person, token or "", cookie=cookie) <= {("POST", "/auth/logout")}


async def test_an_enrolment_token_of_a_policy_opens_four_calls(strict: Service) -> None:
    """Those that add a factor, and nothing of the account."""
    person = await strict.person()
    answer = (await strict.browser().post("/auth/login", person.credentials)).json()
    token, pending = answer["enrolment_token"], answer["mfa_token"]
    assert await opened_by(strict, person, pending, cookie=f"refresh={pending}; trusted={pending}") == set()
    assert await opened_by(strict, person, token, cookie=f"refresh={token}; trusted={token}") == ENROLMENT


async def test_the_walk_finds_what_is_open(service: Service) -> None:
    """With a living session every guarded call lets its person in: none was refused for what it was sent."""
    for call in calls_of(service):
        if call.guarded:
            _, client = await service.signed_in()
            for body in _bodies(call, "x"):
                headers = {"authorization": f"Bearer {client.access_token}"}
                assert (await _send(service, call, body, headers)).status_code != 401, call
