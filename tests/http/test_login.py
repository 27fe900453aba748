"""`POST /auth/login`."""

import re
from datetime import datetime, timedelta
from uuid import UUID

import jwt
import pytest

from hybrid_auth.core.config import Argon2Profile
from hybrid_auth.passwords.hashing import PasswordHasher
from hybrid_auth.passwords.repository import PasswordRows
from tests.support.service import OTHER_PASSWORD, PASSWORD, Service, problem, same_for_all

USER = {
    "id",
    "email",
    "email_verified",
    "display_name",
    "roles",
    "created_at",
    "has_password",
    "totp_enabled",
    "passkey_count",
    "recovery_codes_remaining",
}
SESSION = {
    "id",
    "current",
    "created_at",
    "last_seen_at",
    "authenticated_at",
    "expires_at",
    "ip",
    "user_agent",
    "device",
    "amr",
    "aal",
}


async def test_browser_gets_tokens_and_a_cookie(service: Service) -> None:
    """A browser gets the access token in the body and the refresh token as a cookie no script reads."""
    person, browser = await service.person(), service.browser()
    answer = await browser.post("/auth/login", person.credentials)
    assert answer.status_code == 200
    result = answer.json()
    assert result.keys() == {"status", "access_token", "token_type", "expires_in", "user", "session"}
    assert (result["status"], result["token_type"], result["expires_in"]) == ("authenticated", "Bearer", 300)
    [cookie] = answer.headers.get_list("set-cookie")
    value, *attributes = cookie.split("; ")
    assert re.fullmatch(r"refresh=[A-Za-z0-9_-]{43}\.0\.[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}", value)
    assert {a.lower() for a in attributes} == {"httponly", "samesite=strict", "path=/", "max-age=2592000"}


async def test_native_client_gets_the_refresh_token_in_the_body(service: Service) -> None:
    """A native client gets no cookie, and its refresh token in the body."""
    person, native = await service.person(), service.native()
    answer = await native.post("/auth/login", {**person.credentials, "client": "native"})
    assert answer.status_code == 200
    assert answer.json()["refresh_token"]
    assert "set-cookie" not in answer.headers


async def test_result_shows_person_and_session(service: Service) -> None:
    """User and Session have the shapes of the contract, times are RFC 3339 in UTC and whole seconds."""
    person, browser = await service.person(), service.browser()
    result = (await browser.sign_in(person)).json()
    user, session = result["user"], result["session"]
    assert user.keys() == USER
    assert session.keys() == SESSION
    assert user == {
        "id": str(person.id),
        "email": person.email,
        "email_verified": True,
        "display_name": "Kim Test",
        "roles": [],
        "created_at": user["created_at"],
        "has_password": True,
        "totp_enabled": False,
        "passkey_count": 0,
        "recovery_codes_remaining": 0,
    }
    UUID(session["id"])
    assert session["current"] is True
    assert (session["amr"], session["aal"]) == (["pwd"], 1)
    assert session["device"] == {"browser": "Firefox", "os": "Linux", "label": "Firefox on Linux"}
    assert session["ip"] == "203.0.113.7"
    for name in ("created_at", "last_seen_at", "authenticated_at", "expires_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", session[name])
    lifetime = datetime.fromisoformat(session["expires_at"]) - datetime.fromisoformat(session["created_at"])
    assert lifetime == timedelta(days=30)


async def test_access_token_carries_the_claims_of_the_contract(service: Service) -> None:
    """The access token is an ES256 `at+jwt` with every claim of the contract and nothing personal."""
    person, browser = await service.signed_in()
    token = browser.access_token or ""
    header, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    assert header.keys() == {"alg", "typ", "kid"}
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    now = int(service.clock.now().timestamp())
    assert claims.keys() == {"iss", "aud", "sub", "sid", "jti", "iat", "exp", "auth_time", "amr", "acr", "roles"}
    assert claims["iss"] == claims["aud"] == "http://localhost:8001"
    assert (claims["sub"], claims["sid"]) == (str(person.id), browser.session_id)
    assert (claims["iat"], claims["exp"], claims["auth_time"]) == (now, now + 300, now)
    assert (claims["amr"], claims["acr"], claims["roles"]) == (["pwd"], "aal1", [])


async def test_unknown_address_and_wrong_password_look_and_cost_the_same(service: Service) -> None:
    """Unknown, wrong, disabled and unconfirmed addresses: same status, body, headers, SQL and exactly one hash.

    A registration that waits costs one more, whether or not the address is taken.
    """
    known, disabled, unverified = [await service.person(verified=n < 2) for n in range(3)]
    await service.disable(disabled)
    pending = "pending-login@example.org"
    await service.browser().post("/auth/register", {"email": pending, "password": PASSWORD})
    taken = await service.person()
    await service.browser().post("/auth/register", {"email": taken.email, "password": PASSWORD})
    addresses = [known.email, disabled.email, unverified.email, "nobody@example.org", "not an address", ""]
    addresses += [pending, taken.email]
    answers, costs = [], []
    for email in addresses:
        with service.counting() as work:
            answers.append(await service.browser().post("/auth/login", {"email": email, "password": OTHER_PASSWORD}))
        costs.append((work.hashes, len(work.statements)))
    same_for_all(answers)
    assert problem(answers[0]) == (401, "invalid_credentials")
    assert answers[0].headers["www-authenticate"] == "Bearer"
    assert "set-cookie" not in answers[0].headers
    assert set(costs[:-2]) == {(1, costs[0][1])}
    assert set(costs[-2:]) == {(2, costs[0][1])}


async def test_registering_and_signing_in_does_not_tell_whether_an_address_is_taken(service: Service) -> None:
    """Who registers an address, free or taken, and signs in with the password just chosen, sees the same."""
    person = await service.person()
    answers = []
    for email in (person.email, "free-address@example.org"):
        await service.browser().post("/auth/register", {"email": email, "password": OTHER_PASSWORD})
        with service.counting() as work:
            answers.append(await service.browser().post("/auth/login", {"email": email, "password": OTHER_PASSWORD}))
        assert work.hashes == 2
    same_for_all(answers)
    assert problem(answers[0]) == (403, "email_not_verified")
    assert (await service.browser().post("/auth/login", person.credentials)).status_code == 200


async def test_pending_registration_is_told_only_after_the_right_password(service: Service) -> None:
    """Somebody who registered and did not confirm learns so from the right password only."""
    email = "pending-right@example.org"
    await service.browser().post("/auth/register", {"email": email, "password": PASSWORD})
    wrong = await service.browser().post("/auth/login", {"email": email, "password": OTHER_PASSWORD})
    assert problem(wrong) == (401, "invalid_credentials")
    with service.counting() as work:
        right = await service.browser().post("/auth/login", {"email": email, "password": PASSWORD})
    assert problem(right) == (403, "email_not_verified")
    assert "set-cookie" not in right.headers
    assert work.hashes == 2


async def test_unverified_person_is_told_only_after_the_right_password(service: Service) -> None:
    """An account whose address is not confirmed opens no session where confirmation is required."""
    person = await service.person(verified=False)
    answer = await service.browser().post("/auth/login", person.credentials)
    assert problem(answer) == (403, "email_not_verified")
    assert await service.rows("SELECT id FROM hybrid_auth_sessions WHERE user_id = :id", id=person.id) == []


async def test_disabled_account_is_told_only_after_the_right_password(service: Service) -> None:
    """A disabled account opens no session, and says so only to somebody who knows its password."""
    person = await service.person()
    await service.disable(person)
    wrong = await service.browser().post("/auth/login", {**person.credentials, "password": OTHER_PASSWORD})
    assert problem(wrong) == (401, "invalid_credentials")
    right = await service.browser().post("/auth/login", person.credentials)
    assert problem(right) == (403, "account_disabled")
    assert await service.rows("SELECT id FROM hybrid_auth_sessions WHERE user_id = :id", id=person.id) == []


async def test_earlier_session_of_the_same_browser_ends(service: Service) -> None:
    """Signing in again in a browser ends the session it had, and no other one of the person."""
    person, browser = await service.signed_in()
    _, elsewhere = await service.signed_in(person)
    before = browser.access_token
    await browser.sign_in(person)
    assert problem(await service.native().get("/auth/me", authorization=f"Bearer {before}")) == (
        401,
        "session_revoked",
    )
    assert await browser.is_signed_in()
    assert await elsewhere.is_signed_in()


async def test_failed_sign_in_keeps_the_earlier_session(service: Service) -> None:
    """A wrong password in a browser that is signed in ends nothing."""
    person, browser = await service.signed_in()
    wrong = {**person.credentials, "password": OTHER_PASSWORD}
    assert problem(await browser.http.post("/auth/login", json=wrong)) == (401, "invalid_credentials")
    assert await browser.is_signed_in()
    assert (await browser.refresh()).status_code == 200


@pytest.mark.parametrize("spelling", [str.upper, str.title, lambda email: f"  {email} "])
async def test_spelling_of_the_address_does_not_matter(service: Service, spelling: "type[str]") -> None:
    """Case and surrounding spaces of the address are no obstacle."""
    person = await service.person()
    answer = await service.browser().post("/auth/login", {**person.credentials, "email": spelling(person.email)})
    assert answer.status_code == 200
    assert answer.json()["user"]["email"] == person.email


async def test_hash_is_renewed_when_the_settings_changed(service: Service) -> None:
    """A hash of other parameters is replaced at the next sign-in, and the password still works."""
    person = await service.person()
    older = PasswordHasher(Argon2Profile(time_cost=1, memory_kib=47104, parallelism=1), workers=1, queue=1)
    encoded = await older.hash(PASSWORD)
    older.close()
    async with service.transaction() as transaction:
        await PasswordRows(transaction).put(person.id, encoded, now=service.clock.now())
    assert (await service.browser().post("/auth/login", person.credentials)).status_code == 200
    assert "m=12288,t=3,p=1" in await service.password_hash(person)
    assert (await service.browser().post("/auth/login", person.credentials)).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": None}, "password"),
        ({"email": 7}, "email"),
        ({"client": "toaster"}, "client"),
        ({"password": "x" * 1025}, "password"),
        ({"email": "x" * 321}, "email"),
        ({"role": "admin"}, "role"),
    ],
)
async def test_fields_are_checked(service: Service, change: dict[str, object], field: str) -> None:
    """A field of another type, too long, or unknown is named in a validation error."""
    answer = await service.browser().post("/auth/login", {"email": "a@example.org", "password": "b", **change})
    assert problem(answer) == (400, "validation_error")
    [error] = answer.json()["errors"]
    assert error.keys() == {"field", "message"}
    assert error["field"] == field


async def test_missing_field_is_named(service: Service) -> None:
    """What was left out is named."""
    answer = await service.browser().post("/auth/login", {"email": "a@example.org"})
    assert problem(answer) == (400, "validation_error")
    assert [error["field"] for error in answer.json()["errors"]] == ["password"]
