"""An authenticator app, written after RFC 6238 alone, and people who have one."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from tests.support.service import Client, Person, Service

ENROLL, ACTIVATE = "/auth/totp/enroll", "/auth/totp/activate"
BY_TOTP, BY_RECOVERY_CODE = "/auth/login/totp", "/auth/login/recovery-code"
INVALID_CODE, INVALID_MFA_TOKEN = (401, "invalid_code"), (401, "invalid_mfa_token")
RATE_LIMITED, NOT_RECENT = (429, "rate_limited"), (403, "reauthentication_required")
FIRST_WAIT = 30
"""Seconds."""


@dataclass(slots=True)
class App:
    """What is on somebody's phone: a secret, and codes at the service's own time."""

    service: Service
    secret: str
    recovery_codes: list[str]

    def code(self, *, steps: int = 0) -> str:
        """The code of this moment, or of one `steps` times 30 seconds away."""
        return totp(self.secret, int(self.service.clock.now().timestamp()) // 30 + steps)

    def next_code(self) -> str:
        """A code nobody used yet: time goes on by one step first."""
        self.service.clock.advance(seconds=30)
        return self.code()

    def wrong_code(self, *, not_of: int = 60) -> str:
        """A code of no step that is `not_of` or fewer steps away."""
        near = {self.code(steps=steps) for steps in range(-not_of, not_of + 1)}
        return next(code for code in (f"{number:06}" for number in range(1000)) if code not in near)


def totp(secret: str, step: int) -> str:
    """Six digits (RFC 4226 §5.3)."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0xF
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


async def begin(service: Service, client: Client) -> App:
    """Enrol TOTP for who is signed in at `client`, recently; it waits for its first code."""
    offered = await client.post(ENROLL)
    assert offered.status_code == 200, offered.text
    return App(service, offered.json()["secret"], [])


async def turn_on(service: Service, client: Client) -> App:
    """Enrol and activate TOTP for who is signed in at `client`, recently."""
    app = await begin(service, client)
    service.clock.advance(seconds=30)
    activated = await client.post(ACTIVATE, {"code": app.code()})
    assert activated.status_code == 200, activated.text
    app.recovery_codes = activated.json()["recovery_codes"]
    return app


async def with_app(service: Service) -> tuple[Person, Client, App]:
    """Somebody new with TOTP on, and the client where they turned it on."""
    person, client = await service.signed_in()
    return person, client, await turn_on(service, client)


async def first_step(client: Client, person: Person) -> str:
    """The `mfa_token` for a right password."""
    answer = await client.post("/auth/login", person.credentials)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "second_factor_required", answer.text
    return str(answer.json()["mfa_token"])


async def first_steps(service: Service, person: Person, count: int) -> list[str]:
    """Many pending sign-ins of one person: one by the password, the others copied in Redis, since each costs a hash."""
    first = await first_step(service.native(), person)
    tokens = [first, *(f"mfa_{uuid4().hex}" for _ in range(count - 1))]
    async with service.redis() as redis:
        pending = await redis.get(_key(first))
        assert pending is not None
        for token in tokens:
            await redis.set(_key(token), pending, ex=300)
    return tokens


def _key(token: str) -> str:
    return f"ha:pending:{hashlib.sha256(token.encode()).hexdigest()}"


async def second_step(client: Client, token: str, code: object, path: str = BY_TOTP, **body: Any) -> httpx.Response:
    """What a code for an `mfa_token` answers; nothing is kept."""
    kind = {"client": "native"} if client.native else {}
    return await client.http.post(path, json={"mfa_token": token, "code": code, **kind, **body})


async def step_up(client: Client, code: object) -> httpx.Response:
    """Prove again by a code; the client keeps the new access token."""
    answer = await client.post("/auth/reauthenticate", {"method": "totp", "code": code})
    if answer.status_code == 200:
        client.access_token = answer.json()["access_token"]
    return answer


async def sign_in_with_app(client: Client, person: Person, app: App, *, trust_browser: bool = False) -> httpx.Response:
    """Both steps; the client keeps what it was handed."""
    client.access_token = None
    token = await first_step(client, person)
    answer = await second_step(client, token, app.next_code(), trust_browser=trust_browser)
    assert answer.status_code == 200, answer.text
    client.keep(answer)
    return answer


async def recover(client: Client, person: Person, code: str) -> httpx.Response:
    """Both steps, the second by a recovery code; nothing is kept."""
    client.access_token = None
    return await second_step(client, await first_step(client, person), code, BY_RECOVERY_CODE)


async def trusting(service: Service) -> tuple[Person, Client, App]:
    """Somebody with TOTP on, signed in at a browser they trust."""
    person, _, app = await with_app(service)
    browser = service.browser()
    await sign_in_with_app(browser, person, app, trust_browser=True)
    return person, browser, app


async def is_asked(client: Client, person: Person) -> bool:
    """Whether a password alone does not sign in here; a session it opens is not kept."""
    answer = await client.http.post("/auth/login", json=person.credentials)
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["status"] == "second_factor_required")
