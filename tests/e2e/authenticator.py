"""A virtual authenticator of Chromium's (WebAuthn §11; driven over the DevTools protocol)."""

from dataclasses import dataclass
from typing import Any, Self

from playwright.async_api import CDPSession, Page


@dataclass(frozen=True, slots=True)
class Authenticator:
    """One plugged into the tab of `session`; it answers without anybody touching it while it is `present`."""

    session: CDPSession
    id: str

    @classmethod
    async def plug_in(
        cls, page: Page, *, transport: str = "internal", synced: bool = True, present: bool = True
    ) -> Self:
        """`synced`: its keys count as backed up, as a password manager's do."""
        session = await page.context.new_cdp_session(page)
        await session.send("WebAuthn.enable", {"enableUI": False})
        added = await session.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "ctap2Version": "ctap2_1",
                    "transport": transport,
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": present,
                    "defaultBackupEligibility": synced,
                    "defaultBackupState": synced,
                }
            },
        )
        return cls(session, str(added["authenticatorId"]))

    async def present(self, here: bool) -> None:
        """Whether somebody touches it when it is asked."""
        await self._send("setAutomaticPresenceSimulation", enabled=here)

    async def knows_its_owner(self, verified: bool) -> None:
        """Whether the fingerprint it is shown is the right one."""
        await self._send("setUserVerified", isUserVerified=verified)

    async def leaves_out_verification(self, bad: bool) -> None:
        """Whether it clears the flag for user verification in what it signs."""
        await self._send("setResponseOverrideBits", isBadUV=bad)

    async def keys(self) -> list[dict[str, Any]]:
        """What it holds, oldest first."""
        answer = await self._send("getCredentials")
        return list(answer["credentials"])

    async def add(self, key: dict[str, Any]) -> None:
        """A key that another one holds as well."""
        await self._send("addCredential", credential=key)

    async def set_counter(self, count: int) -> None:
        """Its only key as a copy has it that was made when the counter stood at `count`."""
        (key,) = await self.keys()
        await self._send("removeCredential", credentialId=key["credentialId"])
        await self.add({**key, "signCount": count})

    async def _send(self, command: str, **arguments: Any) -> dict[str, Any]:
        answer = await self.session.send(f"WebAuthn.{command}", {"authenticatorId": self.id, **arguments})
        return dict(answer or {})
