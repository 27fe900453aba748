"""Any text where a code or a token belongs: a plain refusal, never a 500, and nobody is let in."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.service import Client, open_service, problem
from tests.support.two_factor import ACTIVATE, BY_RECOVERY_CODE, BY_TOTP, begin, first_step, turn_on

ANY = st.text(st.characters(), max_size=80)
"""Lone surrogates and NUL among them."""
NEAR = st.text(st.sampled_from("0123456789ABCDEFabcdefZz27 -\u0660\u00b2\u0131\u017f\n\0\ud800"), max_size=40)
CODES = st.one_of(
    ANY, NEAR, st.text("0123456789", min_size=5, max_size=7), st.text("ABCDEFGH234567", min_size=24, max_size=24)
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3),
    max_leaves=5,
)
REFUSALS = {
    (400, "validation_error"),
    (400, "malformed_request"),
    (401, "invalid_code"),
    (401, "invalid_mfa_token"),
    (429, "rate_limited"),
}


@dataclass(frozen=True, slots=True)
class Half:
    """Somebody half-way through a sign-in, a client where they are signed in, and one that waits for a first code."""

    client: Client
    enrolling: Client
    mfa_token: str


@pytest.fixture(scope="module")
async def half(module_database_url: str, redis_server: EmbeddedRedis) -> AsyncIterator[Half]:
    """In a service whose back-off begins late: what is refused for its number is not looked at."""
    async with open_service(module_database_url, redis_server.url, backoff_after="100") as service:
        person, client = await service.signed_in()
        await turn_on(service, client)
        _, enrolling = await service.signed_in()
        await begin(service, enrolling)
        yield Half(client, enrolling, await first_step(service.browser(), person))


async def _post(client: Client, path: str, body: object) -> httpx.Response:
    """JSON in ASCII: a lone surrogate can be sent by its escape."""
    headers = {"authorization": f"Bearer {client.access_token}", "content-type": "application/json"}
    return await client.http.post(path, content=json.dumps(body).encode(), headers=headers)


@settings(max_examples=150, deadline=None)
@given(code=CODES)
@example(code="\ud800\udfff")
@example(code="\0" * 6)
@example(code="9" * 6)
async def test_any_code(half: Half, code: str) -> None:
    """For a pending sign-in, a step-up and an activation."""
    for path in (BY_TOTP, BY_RECOVERY_CODE):
        answer = await _post(half.client, path, {"mfa_token": half.mfa_token, "code": code})
        assert problem(answer) in REFUSALS
    answer = await _post(half.client, "/auth/reauthenticate", {"method": "totp", "code": code})
    assert problem(answer) in REFUSALS
    assert problem(await _post(half.enrolling, ACTIVATE, {"code": code})) in REFUSALS


@settings(max_examples=150, deadline=None)
@given(token=ANY)
@example(token="mfa_\ud800")
@example(token="\0")
@example(token="mfa_" + "\U0010ffff" * 100)
async def test_any_mfa_token(half: Half, token: str) -> None:
    """No such sign-in, whatever is in it."""
    for path in (BY_TOTP, BY_RECOVERY_CODE):
        answer = await _post(half.client, path, {"mfa_token": token, "code": "123456"})
        assert problem(answer) in {(401, "invalid_mfa_token"), (400, "validation_error"), (400, "malformed_request")}


@settings(max_examples=150, deadline=None)
@given(body=st.dictionaries(st.sampled_from(["mfa_token", "code", "client", "trust_browser", "method", "x"]), JSON))
async def test_any_body(half: Half, body: dict[str, object]) -> None:
    """A field of another kind, missing or unknown."""
    for path in (BY_TOTP, BY_RECOVERY_CODE, ACTIVATE, "/auth/reauthenticate"):
        assert problem(await _post(half.enrolling, path, body)) in REFUSALS


@settings(max_examples=100, deadline=None)
@given(cookie=st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=200))
async def test_any_trusted_cookie(half: Half, cookie: str) -> None:
    """Nobody is trusted by it; that it is there is no error. Only the second step is asked for here, not the first."""
    for path in (BY_TOTP, BY_RECOVERY_CODE):
        headers = [(b"cookie", f"trusted={cookie}".encode("latin-1"))]
        body = {"mfa_token": half.mfa_token, "code": "no code"}
        answer = await half.client.http.post(path, json=body, headers=headers)
        assert problem(answer) == (401, "invalid_code")


@settings(max_examples=100, deadline=None)
@given(token=st.text(st.characters(codec="ascii", exclude_characters="\r\n\0"), max_size=100))
@example(token="enrol_")
@example(token="enrol_" + "A" * 43)
@example(token="enrol_ x")
async def test_any_enrolment_token(half: Half, token: str) -> None:
    """Of the calls that take one, none takes that."""
    headers = {"authorization": f"Bearer enrol_{token}"}
    for path in ("/auth/totp/enroll", "/auth/passkeys/registration/options"):
        assert problem(await half.client.http.post(path, headers=headers)) == (401, "invalid_token")
