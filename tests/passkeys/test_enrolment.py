"""Accounts without a password: from the mailed link to the first passkey, and what an enrolment token does not open."""

import asyncio
import re
from uuid import uuid4

import pytest

from hybrid_auth.core.errors import InvalidToken
from tests.support.authenticator import UP, UV, Alteration, Authenticator
from tests.support.passkeys import OPTIONS, VERIFY, creation_options, register, sign_in
from tests.support.routes import calls_of
from tests.support.service import OTHER_PASSWORD, PASSWORD, Client, Service, problem

STEP_EPOCH = "UPDATE hybrid_auth_users SET session_epoch = session_epoch + 1"
INVALID, REFUSED = (401, "invalid_token"), (400, "passkey_verification_failed")


async def enrolling(service: Service, email: str | None = None, *, native: bool = False) -> tuple[str, Client]:
    """An address that was just confirmed, and a client with its enrolment token for a bearer."""
    email = email or f"{uuid4().hex}@example.org"
    client = service.native() if native else service.browser()
    answer = await client.post("/auth/register", {"email": email, "display_name": "Kim Test"})
    assert answer.status_code == 202, answer.text
    [*_, mail] = await service.mails_to(email)
    answer = await client.post("/auth/email/verify", {"token": mail.token})
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"enrolment_token", "expires_in"}
    assert answer.json()["expires_in"] == 900
    client.access_token = answer.json()["enrolment_token"]
    return email, client


async def test_from_an_address_to_a_session(service: Service) -> None:
    """Registered, confirmed, enrolled and signed in, without a password ever."""
    email, client = await enrolling(service)
    authenticator = Authenticator()
    answer = await register(client, authenticator)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["name"] == "Passkey"
    signed_in = made["sign_in"]
    assert signed_in["status"] == "authenticated"
    assert (signed_in["session"]["amr"], signed_in["session"]["aal"]) == (["swk", "user", "mfa"], 2)
    user = signed_in["user"]
    assert (user["email"], user["email_verified"], user["has_password"]) == (email, True, False)
    assert user["passkey_count"] == 1
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "refresh_token" not in signed_in
    client.access_token = signed_in["access_token"]
    assert (await client.get("/auth/me")).json()["email"] == email
    assert (await client.refresh()).status_code == 200
    assert (await sign_in(service.browser(), authenticator)).status_code == 200
    login = await service.browser().post("/auth/login", {"email": email, "password": PASSWORD})
    assert problem(login) == (401, "invalid_credentials")
    forgot = await client.post("/auth/reauthenticate", {"method": "password", "password": ""})
    assert problem(forgot) == (401, "invalid_credentials")


async def test_a_native_client_gets_its_token_in_the_body(service: Service) -> None:
    """As after any other sign-in."""
    _, client = await enrolling(service, native=True)
    made = Authenticator().create(await creation_options(client))
    answer = await client.post(VERIFY, {"credential": made, "client": "native"})
    assert "set-cookie" not in answer.headers
    refreshed = await client.http.post(
        "/auth/refresh", json={"refresh_token": answer.json()["sign_in"]["refresh_token"]}
    )
    assert refreshed.status_code == 200


async def test_a_password_can_be_added_later(service: Service) -> None:
    """And then signs in too."""
    email, client = await enrolling(service)
    client.access_token = (await register(client, Authenticator())).json()["sign_in"]["access_token"]
    assert (await client.post("/auth/password/change", {"new_password": OTHER_PASSWORD})).status_code == 204
    login = await service.browser().post("/auth/login", {"email": email, "password": OTHER_PASSWORD})
    assert login.status_code == 200


async def test_an_account_with_a_password_gets_no_token(service: Service) -> None:
    """There is nothing to enrol that a sign-in could not."""
    email = f"{uuid4().hex}@example.org"
    browser = service.browser()
    await browser.post("/auth/register", {"email": email, "password": PASSWORD})
    [mail] = await service.mails_to(email)
    answer = await browser.post("/auth/email/verify", {"token": mail.token})
    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_token_registers_one_passkey(service: Service) -> None:
    """After that it opens neither call, whatever it is presented with."""
    _, client = await enrolling(service)
    token = client.access_token
    made = Authenticator().create(await creation_options(client))
    assert (await register(client, Authenticator())).status_code == 201
    client.access_token = token
    assert problem(await client.post(OPTIONS)) == INVALID
    assert problem(await client.post(VERIFY, {"credential": made})) == INVALID


async def test_a_failed_ceremony_does_not_use_the_token_up(service: Service) -> None:
    """Somebody whose first try goes wrong need not ask for another mail; a gesture is still required."""
    _, client = await enrolling(service)
    silent = Alteration(flags=lambda flags: flags & ~(UP | UV))
    assert problem(await register(client, Authenticator(), silent)) == REFUSED
    assert (await client.post(OPTIONS, {"mode": "conditional"})).status_code == 204
    assert (await register(client, Authenticator())).status_code == 201


async def test_of_twenty_at_once_one_enrols(service: Service) -> None:
    """Each with an authenticator and a challenge of its own."""
    email, client = await enrolling(service)
    bodies = [{"credential": Authenticator().create(await creation_options(client))} for _ in range(20)]
    answers = await asyncio.gather(*(client.post(VERIFY, body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * 19
    counts = await service.rows(
        "SELECT (SELECT count(*) FROM hybrid_auth_passkeys p WHERE p.user_id = u.id),"
        " (SELECT count(*) FROM hybrid_auth_sessions s WHERE s.user_id = u.id)"
        " FROM hybrid_auth_users u WHERE email = :email",
        email=email,
    )
    assert counts == [(1, 1)]


async def test_one_let_in_too_early_finds_the_token_gone(service: Service) -> None:
    """Two requests that both found the token, or one that a "sign out everywhere" overtook: nothing comes of it."""
    passkeys = service.services.passkeys
    for overtaken_by in ("enrolment", "epoch"):
        email, client = await enrolling(service)
        made = Authenticator().create(await creation_options(client))
        async with service.transaction() as transaction:
            enroller = await service.services.enrolments.enroller(transaction, None, client.access_token)
            await transaction.release()
            if overtaken_by == "enrolment":
                assert (await register(client, Authenticator())).status_code == 201
            else:
                await service.write(f"{STEP_EPOCH} WHERE email = :email", email=email)
            with pytest.raises(InvalidToken):
                await passkeys.register(transaction, enroller, made, name=None)
            await transaction.release()


async def test_it_is_kept_as_a_digest_for_fifteen_minutes(service: Service) -> None:
    """Who reads Redis reads no token."""
    _, client = await enrolling(service)
    token = client.access_token or ""
    assert re.fullmatch(r"enrol_[A-Za-z0-9_-]{43}", token)
    async with service.redis() as redis:
        keys = [key async for key in redis.scan_iter("ha:enrolment:*")]
        assert keys
        assert not any(token.removeprefix("enrol_") in key for key in keys)
        assert 890_000 < max([await redis.pttl(key) for key in keys]) <= 900_000


async def test_it_ends_with_the_persons_sessions(service: Service) -> None:
    """Signed out everywhere, disabled or deleted: a token from before opens nothing."""
    ends = (
        f"{STEP_EPOCH} WHERE email = :email",
        "UPDATE hybrid_auth_users SET disabled_at = now() WHERE email = :email",
        "DELETE FROM hybrid_auth_users WHERE email = :email",
    )
    for end in ends:
        email, client = await enrolling(service)
        made = Authenticator().create(await creation_options(client))
        await service.write(end, email=email)
        assert problem(await client.post(OPTIONS)) == INVALID
        assert problem(await client.post(VERIFY, {"credential": made})) == INVALID


async def test_a_challenge_of_an_enrolment_serves_no_session(service: Service) -> None:
    """Nor the other way round, nor another person's enrolment."""
    _, client = await enrolling(service)
    _, other = await enrolling(service)
    _, session = await service.signed_in()
    for asking, answering in ((client, other), (client, session), (session, client)):
        made = Authenticator().create(await creation_options(asking))
        assert problem(await answering.post(VERIFY, {"credential": made})) == REFUSED


async def test_a_session_is_no_enrolment(service: Service) -> None:
    """Registering signs nobody in who is signed in already."""
    _, client = await service.signed_in()
    answer = await register(client, Authenticator())
    assert "sign_in" not in answer.json()
    assert "set-cookie" not in answer.headers


async def test_it_opens_nothing_else(service: Service) -> None:
    """Every call for somebody signed in refuses it, and so do the public ones that would act for a bearer."""
    _, client = await enrolling(service)
    token = client.access_token
    guarded = [(call.method, call.path) for call in calls_of(service) if call.guarded]
    assert len(guarded) > 10
    for_bearers = [("POST", path) for path in ("/auth/passkeys/authentication/options", "/auth/logout")]
    for method, path in guarded + for_bearers:
        body: object = {} if method in ("POST", "PUT", "PATCH") and path != "/auth/logout" else None
        answer = await client.send(method, path, body)
        assert problem(answer) == INVALID, (method, path)
    refreshed = await service.native().post("/auth/refresh", {"refresh_token": token})
    assert problem(refreshed) == (401, "invalid_refresh_token")
    assert problem(await client.post("/auth/email/verify", {"token": token})) == (400, "invalid_or_expired_token")
    assert (await client.post(OPTIONS)).status_code == 200


@pytest.mark.parametrize("scheme", ["Basic", "Bearer Bearer", "DPoP"])
async def test_it_is_a_bearer_token(service: Service, scheme: str) -> None:
    """In no other scheme."""
    _, client = await enrolling(service)
    token, client.access_token = client.access_token, None
    assert problem(await client.post(OPTIONS, authorization=f"{scheme} {token}")) == INVALID


async def test_the_address_of_a_passkey_only_account_is_taken(service: Service) -> None:
    """Registering it again, with or without a password, changes nothing and tells only its owner."""
    email, client = await enrolling(service)
    await register(client, Authenticator())
    client.access_token = None
    for password in ({}, {"password": OTHER_PASSWORD}):
        answer = await client.post("/auth/register", {"email": email, **password})
        assert answer.json() == {"status": "verification_sent"}
    login = await service.browser().post("/auth/login", {"email": email, "password": OTHER_PASSWORD})
    # As for a free address: that a registration waits is all it tells.
    assert problem(login) == (403, "email_not_verified")
