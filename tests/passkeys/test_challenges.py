"""A challenge serves one ceremony of one person in one session, once, and for five minutes."""

import asyncio

import pytest
from redis.asyncio import Redis

from tests.passkeys.test_mutated_registration import everything
from tests.support.authenticator import Alteration, Authenticator, b64, unb64
from tests.support.passkeys import (
    SIGN_IN,
    VERIFY,
    creation_options,
    reauthenticate,
    request_options,
    sign_in,
    with_passkey,
)
from tests.support.service import Client, Service, problem

REFUSED = (400, "passkey_verification_failed")
FIVE_MINUTES = 300_000


async def _prove(client: Client, credential: object) -> tuple[int, str]:
    return problem(await client.post("/auth/reauthenticate", {"method": "passkey", "credential": credential}))


async def _life(redis: Redis, challenge: str) -> int:
    return int(await redis.pttl(f"ha:challenge:{challenge}"))


async def test_it_is_random_and_lives_for_five_minutes(service: Service) -> None:
    """32 bytes of its own for every call, gone from Redis when the time-out that was promised is over."""
    _, client = await service.signed_in()
    browser = service.browser()
    issued = [await request_options(browser), await request_options(client), await creation_options(client)]
    assert len({options["challenge"] for options in issued}) == 3
    async with service.redis() as redis:
        for options in issued:
            assert len(unb64(options["challenge"])) == 32
            assert options["timeout"] == FIVE_MINUTES
            assert FIVE_MINUTES - 10_000 < await _life(redis, options["challenge"]) <= FIVE_MINUTES


@pytest.mark.parametrize("ceremony", ["registration", "authentication", "reauthentication"])
async def test_an_expired_one_is_refused(service: Service, ceremony: str) -> None:
    """B-03: however right the answer, it comes too late."""
    _, authenticator = await with_passkey(service)
    client = service.browser()
    await sign_in(client, authenticator)
    before = await everything(service)
    async with service.redis() as redis:

        async def expire(challenge: str) -> None:
            assert await redis.pexpire(f"ha:challenge:{challenge}", 0) == 1

        if ceremony == "registration":
            options = await creation_options(client)
            await expire(options["challenge"])
            answer = problem(await client.post(VERIFY, {"credential": Authenticator().create(options)}))
        elif ceremony == "authentication":
            options = await request_options(service.browser())
            await expire(options["challenge"])
            answer = problem(await service.browser().post(SIGN_IN, {"credential": authenticator.get(options)}))
        else:
            options = await request_options(client)
            await expire(options["challenge"])
            answer = await _prove(client, authenticator.get(options))
    assert answer == REFUSED
    assert await everything(service) == before


async def test_it_is_used_once(service: Service) -> None:
    """B-01 and B-40: a response that was accepted is worth nothing any more."""
    _, client = await service.signed_in()
    authenticator = Authenticator()
    options = await creation_options(client)
    credential = authenticator.create(options)
    assert (await client.post(VERIFY, {"credential": credential})).status_code == 201
    assert problem(await client.post(VERIFY, {"credential": credential})) == REFUSED
    browser = service.browser()
    assertion = authenticator.get(await request_options(browser))
    assert (await browser.post(SIGN_IN, {"credential": assertion})).status_code == 200
    before = await everything(service)
    assert problem(await browser.post(SIGN_IN, {"credential": assertion})) == REFUSED
    assert await everything(service) == before


async def test_one_of_another_purpose_is_refused(service: Service) -> None:
    """B-04: registering, signing in and proving again do not lend each other their challenges."""
    _, authenticator = await with_passkey(service)
    client, browser = service.browser(), service.browser()
    await sign_in(client, authenticator)
    before = await everything(service)

    to_register = (await creation_options(client))["challenge"]
    to_sign_in = await request_options(browser)
    to_prove = await request_options(client)
    as_sign_in = authenticator.get(to_sign_in | {"challenge": to_register})
    assert problem(await browser.post(SIGN_IN, {"credential": as_sign_in})) == REFUSED
    assert await _prove(client, authenticator.get(to_sign_in)) == REFUSED
    assert problem(await browser.post(SIGN_IN, {"credential": authenticator.get(to_prove)})) == REFUSED
    for options in (await request_options(browser), await request_options(client)):
        creation = await creation_options(client) | {"challenge": options["challenge"]}
        answer = await client.post(VERIFY, {"credential": Authenticator().create(creation)})
        assert problem(answer) == REFUSED
    assert await everything(service) == before


async def test_one_of_another_person_or_session_is_refused(service: Service) -> None:
    """B-02: neither somebody else nor the same person elsewhere can answer for the session that asked."""
    _, authenticator = await with_passkey(service)
    asking, elsewhere, other = service.browser(), service.browser(), service.browser()
    await sign_in(asking, authenticator)
    await sign_in(elsewhere, authenticator)
    _, others = await with_passkey(service)
    await sign_in(other, others)
    before = await everything(service)
    for thief, with_what in ((elsewhere, authenticator), (other, others), (other, authenticator)):
        made = Authenticator().create(await creation_options(asking))
        assert problem(await thief.post(VERIFY, {"credential": made})) == REFUSED
        options = await request_options(asking) | {"allowCredentials": []}
        assert await _prove(thief, with_what.get(options)) == REFUSED
    assert await everything(service) == before


async def test_only_ones_own_passkey_proves_again(service: Service) -> None:
    """B-41 and B-42: an attacker's own passkey, valid as it is, proves nothing about whom they sit in for."""
    _, authenticator = await with_passkey(service)
    _, attackers = await with_passkey(service)
    client = service.browser()
    await sign_in(client, authenticator)
    unknown = Authenticator()
    unknown.create(await creation_options(client))
    for other in (attackers, unknown):
        options = await request_options(client) | {"allowCredentials": []}
        assert await _prove(client, other.get(options)) == REFUSED
    handle = Alteration(credential=lambda c: c | {"response": c["response"] | {"userHandle": b64(bytes(64))}})
    assert problem(await reauthenticate(client, authenticator, handle)) == REFUSED
    absent = Alteration(
        credential=lambda c: c | {"response": {k: v for k, v in c["response"].items() if k != "userHandle"}}
    )
    assert (await reauthenticate(client, authenticator, absent)).status_code == 200


async def test_the_same_assertion_at_once_opens_one_session(service: Service) -> None:
    """A-76: of fifty, one finds the challenge."""
    person, authenticator = await with_passkey(service)
    browsers = [service.browser() for _ in range(50)]
    body = {"credential": authenticator.get(await request_options(browsers[0]))}
    answers = await asyncio.gather(*(browser.post(SIGN_IN, body) for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    sessions = await service.rows(
        "SELECT count(*) FROM hybrid_auth_sessions WHERE user_id = :id AND aal = 2", id=person.id
    )
    assert sessions == [(1,)]


async def test_the_same_registration_at_once_makes_one_passkey(service: Service) -> None:
    """A-76: of twenty, one finds the challenge."""
    person, client = await service.signed_in()
    body = {"credential": Authenticator().create(await creation_options(client))}
    answers = await asyncio.gather(*(client.post(VERIFY, body) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 19
    assert await service.rows("SELECT count(*) FROM hybrid_auth_passkeys WHERE user_id = :id", id=person.id) == [(1,)]


async def test_the_same_credential_of_two_people_at_once_is_one_persons(service: Service) -> None:
    """B-29 and A-76: the unique index decides, and the loser gets a refusal."""
    for _ in range(3):
        authenticator = Authenticator()
        clients = [(await service.signed_in())[1] for _ in range(4)]
        options = [await creation_options(client) for client in clients]
        authenticator.create(options[0])
        [credential] = authenticator.credentials
        bodies = [{"credential": authenticator.attest(credential, issued["challenge"])} for issued in options]
        answers = await asyncio.gather(
            *(client.post(VERIFY, body) for client, body in zip(clients, bodies, strict=True))
        )
        assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
        found = await service.rows(
            "SELECT count(*) FROM hybrid_auth_passkeys WHERE credential_id = :id", id=credential.id
        )
        assert found == [(1,)]


async def test_a_foreign_page_uses_nothing_up(service: Service) -> None:
    """A page elsewhere can neither sign a browser in nor spoil a challenge it has seen."""
    _, authenticator = await with_passkey(service)
    browser = service.browser()
    body = {"credential": authenticator.get(await request_options(browser))}
    refused = await browser.post(SIGN_IN, body, origin="https://example.net")
    assert problem(refused) == (403, "origin_not_allowed")
    assert (await browser.post(SIGN_IN, body)).status_code == 200
    _, client = await service.signed_in()
    made = {"credential": Authenticator().create(await creation_options(client))}
    refused = await client.post(VERIFY, made, origin="https://example.net")
    assert problem(refused) == (403, "origin_not_allowed")
    assert (await client.post(VERIFY, made)).status_code == 201
