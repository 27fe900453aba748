"""Accounts made without a browser, and the phones of their owners."""

import time
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import httpx
import zxingcpp
from PIL import Image
from playwright.async_api import Locator

from tests.support.live_server import LiveServer
from tests.support.two_factor import totp

PASSWORD = "plum-lantern-orbit-seven"


@dataclass(slots=True)
class Phone:
    """An authenticator app. Each code is newer than the last, so that none is refused as used already."""

    secret: str
    recovery_codes: list[str] = field(default_factory=list)
    last_step: int = 0

    def code(self) -> str:
        """A code the server takes now; the second one within a step is of the next, which is as far as it goes."""
        self.last_step = max(int(time.time()) // 30, self.last_step + 1)
        return totp(self.secret, self.last_step)

    def code_of_a_clock(self, *, minutes: int) -> str:
        """A code as a phone shows it whose clock is ahead by `minutes`."""
        return totp(self.secret, (int(time.time()) + minutes * 60) // 30)


def phone_of(uri: str) -> Phone:
    """The phone that scanned this `otpauth` URI."""
    return Phone(parse_qs(urlsplit(uri).query)["secret"][0])


def join(server: LiveServer, email: str) -> None:
    """Register and confirm the address."""
    before = len(server.printed())
    with httpx.Client(base_url=server.url) as client:
        client.post("/auth/register", json={"email": email, "password": PASSWORD}).raise_for_status()
        token = server.link_token("/verify-email", after=before)
        client.post("/auth/email/verify", json={"token": token}).raise_for_status()


def join_with_app(server: LiveServer, email: str) -> Phone:
    """The same, and two-factor is on. One more code is good within the next seconds, not two."""
    join(server, email)
    with httpx.Client(base_url=server.url) as client:
        signed_in = client.post("/auth/login", json={"email": email, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {signed_in.raise_for_status().json()['access_token']}"
        phone = Phone(client.post("/auth/totp/enroll").raise_for_status().json()["secret"])
        activated = client.post("/auth/totp/activate", json={"code": phone.code()}).raise_for_status()
        phone.recovery_codes = activated.json()["recovery_codes"]
    return phone


def use_up(server: LiveServer, email: str, codes: list[str]) -> None:
    """Sign in with each of these recovery codes."""
    with httpx.Client(base_url=server.url) as client:
        for code in codes:
            first = client.post("/auth/login", json={"email": email, "password": PASSWORD}).raise_for_status()
            body = {"mfa_token": first.json()["mfa_token"], "code": code}
            client.post("/auth/login/recovery-code", json=body).raise_for_status()


async def scan(picture: Locator) -> str:
    """What an app on a phone reads from the QR code as the page shows it."""
    with Image.open(BytesIO(await picture.screenshot())) as image:
        found = zxingcpp.read_barcode(image)
    assert found is not None, "no QR code could be read"
    return str(found.text)
