"""`POST /auth/reauthenticate`."""

import jwt
import pytest

from tests.support.service import OTHER_PASSWORD, PASSWORD, Service, problem

PROOF = {"method": "password", "password": PASSWORD}


async def test_fresh_proof_is_in_the_token_and_in_the_session(service: Service) -> None:
    """A right password gives an access token with a fresh `auth_time`, for this session only."""
    person, browser = await service.signed_in()
    _, other = await service.signed_in(person)
    begun = int(service.clock.now().timestamp())
    service.clock.advance(minutes=4)
    answer = await browser.post("/auth/reauthenticate", PROOF)
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
    assert "set-cookie" not in answer.headers
    browser.access_token = answer.json()["access_token"]
    claims = jwt.decode(browser.access_token or "", options={"verify_signature": False})
    assert claims["auth_time"] == begun + 240
    assert claims["sid"] == browser.session_id
    session = (await browser.get("/auth/me")).json()["session"]
    assert session["authenticated_at"] == service.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert session["amr"] == ["pwd"]
    untouched = (await other.get("/auth/me")).json()["session"]
    assert untouched["authenticated_at"] == untouched["created_at"]


async def test_session_goes_on_refreshing(service: Service) -> None:
    """The refresh token is the same before and after, and a proof is no sign of life for it."""
    _, browser = await service.signed_in()
    assert (await browser.refresh()).status_code == 200
    assert (await browser.post("/auth/reauthenticate", PROOF)).status_code == 200
    assert (await browser.refresh()).status_code == 200


async def test_wrong_password(service: Service) -> None:
    """A wrong password is 401, does not end the session, and counts as no proof."""
    _, browser = await service.signed_in()
    service.clock.advance(minutes=4)
    with service.counting() as work:
        answer = await browser.post("/auth/reauthenticate", {**PROOF, "password": OTHER_PASSWORD})
    assert problem(answer) == (401, "invalid_credentials")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert work.hashes == 1
    session = (await browser.get("/auth/me")).json()["session"]
    assert session["authenticated_at"] == session["created_at"]


@pytest.mark.parametrize(
    "body",
    [{}, {"password": PASSWORD}, {"method": "none", "password": PASSWORD}, {**PROOF, "code": "1"}, {"method": 1}],
)
async def test_body_is_checked(service: Service, body: object) -> None:
    """A proof of another shape is a validation error."""
    _, browser = await service.signed_in()
    assert problem(await browser.post("/auth/reauthenticate", body)) == (400, "validation_error")


async def test_needs_a_session(service: Service) -> None:
    """Only somebody who is signed in proves themself again."""
    _, browser = await service.signed_in()
    assert problem(await browser.http.post("/auth/reauthenticate", json=PROOF)) == (401, "invalid_token")
