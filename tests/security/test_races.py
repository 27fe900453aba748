"""Many calls on one account at the same moment (attack catalogue §6.8, as far as it is built): never a 500."""

import asyncio
import random
from collections import Counter

import httpx

from tests.support.service import OTHER_PASSWORD, PASSWORD, Client, Person, Service

ROUNDS = 2


async def test_everything_at_once(service: Service) -> None:
    """Refreshes, sign-outs, sign-ins, changes and batches of one person cross: each is answered with a plain answer."""
    chance = random.Random(2026)  # noqa: S311 - an order of calls, no secret
    for _ in range(ROUNDS):
        person, first = await service.signed_in()
        clients = [first, *[(await service.signed_in(person, native=n % 2 == 0))[1] for n in range(7)]]
        calls = [_call(service, person, chance.choice(clients), kind) for kind in KINDS * 4]
        chance.shuffle(calls)
        answers = await asyncio.gather(*calls)
        counts = Counter(answer.status_code for answer in answers if answer is not None)
        assert counts.keys() <= {200, 204, 400, 401, 404}, counts


KINDS = (
    "refresh",
    "refresh",
    "me",
    "list",
    "rename",
    "logout",
    "logout-all",
    "others",
    "one",
    "login",
    "reauthenticate",
    "password",
    "batch",
)


async def _call(service: Service, person: Person, client: Client, kind: str) -> httpx.Response | None:
    match kind:
        case "refresh":
            body = {"refresh_token": client.refresh_token} if client.native else None
            return (
                await client.http.post("/auth/refresh", json=body) if body else await client.http.post("/auth/refresh")
            )
        case "me":
            return await client.get("/auth/me")
        case "list":
            return await client.get("/auth/sessions")
        case "rename":
            return await client.patch("/auth/me", {"display_name": "Somebody Else"})
        case "logout":
            return await client.http.post("/auth/logout", headers={"authorization": f"Bearer {client.access_token}"})
        case "logout-all":
            return await client.post("/auth/logout-all")
        case "others":
            return await client.delete("/auth/sessions")
        case "one":
            return await client.delete(f"/auth/sessions/{client.session_id}")
        case "login":
            return await service.native().post("/auth/login", {**person.credentials, "client": "native"})
        case "reauthenticate":
            return await client.post("/auth/reauthenticate", {"method": "password", "password": PASSWORD})
        case "password":
            body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
            return await client.post("/auth/password/change", body)
        case "batch":
            await service.services.upkeep.write_rotations()
    return None


async def test_deletion_against_everything(service: Service) -> None:
    """While an account is being deleted, whatever else its person does is answered plainly, and nothing is left."""
    for _ in range(ROUNDS):
        person, first = await service.signed_in()
        clients = [first, *[(await service.signed_in(person, native=True))[1] for _ in range(3)]]
        kinds = [kind for kind in KINDS if kind not in ("logout-all", "others", "one", "logout", "password")]
        calls = [_call(service, person, client, kind) for client in clients for kind in kinds]
        answers = await asyncio.gather(*calls, *(client.delete("/auth/me") for client in clients))
        counts = Counter(answer.status_code for answer in answers if answer is not None)
        assert counts.keys() <= {200, 204, 400, 401, 404}, counts
        assert counts[204] >= 1
        for table in ("users WHERE id", "sessions WHERE user_id", "passwords WHERE user_id"):
            assert await service.rows(f"SELECT 1 FROM hybrid_auth_{table} = :id", id=person.id) == []  # noqa: S608
        for client in clients:
            assert (await client.get("/auth/me")).status_code == 401


async def test_new_sessions_do_not_survive_signing_out_everywhere(service: Service) -> None:
    """Sign-ins that cross a "sign out everywhere" end with it, or begin after it: what is listed is what works."""
    for _ in range(ROUNDS):
        person, client = await service.signed_in(native=True)
        others = [service.native() for _ in range(10)]
        await asyncio.gather(
            client.post("/auth/logout-all"),
            *(other.http.post("/auth/login", json={**person.credentials, "client": "native"}) for other in others),
        )
        _, last = await service.signed_in(person)
        listed = (await last.get("/auth/sessions")).json()["sessions"]
        [(epoch,)] = await service.rows("SELECT session_epoch FROM hybrid_auth_users WHERE id = :id", id=person.id)
        stamped = await service.rows(
            "SELECT id FROM hybrid_auth_sessions WHERE user_id = :id AND revoked_at IS NULL AND user_epoch = :epoch",
            id=person.id,
            epoch=epoch,
        )
        assert {session["id"] for session in listed} == {str(row[0]) for row in stamped}
