"""An authenticator app, written after RFC 6238 alone, and people who have one."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

import httpx

from tests.support.service import Client, Person, Service


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


def totp(secret: str, step: int) -> str:
    """Six digits (RFC 4226 §5.3)."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0xF
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


async def turn_on(service: Service, client: Client) -> App:
    """Enrol and activate TOTP for who is signed in at `client`, recently."""
    offered = await client.post("/auth/totp/enroll")
    assert offered.status_code == 200, offered.text
    app = App(service, offered.json()["secret"], [])
    service.clock.advance(seconds=30)
    activated = await client.post("/auth/totp/activate", {"code": app.code()})
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


async def sign_in_with_app(client: Client, person: Person, app: App, *, trust_browser: bool = False) -> httpx.Response:
    """Both steps; the client keeps what it was handed."""
    kind = {"client": "native"} if client.native else {}
    client.access_token = None
    answer = await client.post(
        "/auth/login/totp",
        {
            "mfa_token": await first_step(client, person),
            "code": app.next_code(),
            "trust_browser": trust_browser,
            **kind,
        },
    )
    assert answer.status_code == 200, answer.text
    client.keep(answer)
    return answer
