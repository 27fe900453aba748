"""Ceremonies over HTTP: a client of the service, and an authenticator that answers for its person."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from tests.support.authenticator import HONEST, Alteration, Authenticator, Credential
from tests.support.service import Client, Person, Service

OPTIONS, VERIFY = "/auth/passkeys/registration/options", "/auth/passkeys/registration/verify"
SIGN_IN_OPTIONS, SIGN_IN = "/auth/passkeys/authentication/options", "/auth/passkeys/authentication/verify"
PASSWORDLESS = text("DELETE FROM hybrid_auth_passwords WHERE user_id = :id")


async def creation_options(client: Client, **body: str) -> dict[str, Any]:
    """The options of a registration."""
    answer = await client.post(OPTIONS, body or None)
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()
    return options


async def request_options(client: Client) -> dict[str, Any]:
    """The options of a sign-in, or, with a bearer, of proving again who one is."""
    answer = await client.post(SIGN_IN_OPTIONS)
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()
    return options


async def register(
    client: Client, authenticator: Authenticator, alter: Alteration = HONEST, **body: str
) -> httpx.Response:
    """A whole registration; `body`: further members of its last call."""
    options = await creation_options(client)
    return await client.post(VERIFY, {"credential": authenticator.create(options, alter), **body})


async def sign_in(
    client: Client,
    authenticator: Authenticator,
    alter: Alteration = HONEST,
    *,
    credential: Credential | None = None,
) -> httpx.Response:
    """A whole sign-in, as nobody yet; the client keeps what it was handed out."""
    options = (await client.http.post(SIGN_IN_OPTIONS)).json()
    body = {"credential": authenticator.get(options, alter, credential=credential)}
    answer = await client.http.post(SIGN_IN, json=body | ({"client": "native"} if client.native else {}))
    if answer.status_code == 200:
        client.keep(answer)
    return answer


async def reauthenticate(client: Client, authenticator: Authenticator, alter: Alteration = HONEST) -> httpx.Response:
    """Prove again by a passkey; the client keeps the new access token."""
    credential = authenticator.get(await request_options(client), alter)
    answer = await client.post("/auth/reauthenticate", {"method": "passkey", "credential": credential})
    if answer.status_code == 200:
        client.access_token = answer.json()["access_token"]
    return answer


async def with_passkey(service: Service, authenticator: Authenticator | None = None) -> tuple[Person, Authenticator]:
    """Somebody with a password and one passkey."""
    person, client = await service.signed_in()
    authenticator = authenticator or Authenticator()
    answer = await register(client, authenticator)
    assert answer.status_code == 201, answer.text
    return person, authenticator


async def passkey_only(service: Service, authenticator: Authenticator | None = None) -> tuple[Person, Authenticator]:
    """Somebody who has one passkey and no password."""
    person, authenticator = await with_passkey(service, authenticator)
    async with service.transaction() as transaction:
        await transaction.execute(PASSWORDLESS, {"id": person.id})
        await service.services.sessions.person_changed(transaction, person.id)
    return person, authenticator


async def passkeys_of(service: Service, user_id: UUID) -> list[dict[str, Any]]:
    """The rows of somebody's passkeys, oldest first."""
    found = await service.rows(
        "SELECT to_jsonb(p) - 'credential_id' - 'public_key' FROM hybrid_auth_passkeys p"
        " WHERE user_id = :id ORDER BY created_at, name",
        id=user_id,
    )
    return [row for (row,) in found]


async def until_somebody_waits_for_a_lock(service: Service) -> None:
    """Until a statement of another transaction is held up; PostgreSQL tells nobody, so it is asked."""
    waiting = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        " AND wait_event IN ('transactionid', 'tuple')"
    )
    async with asyncio.timeout(10):
        while not await service.rows(waiting):  # noqa: ASYNC110 - PostgreSQL sets no event of ours
            await asyncio.sleep(0.01)
