"""WebAuthn challenges: 32 random bytes, found by themselves, usable once (WebAuthn L3 §13.4.3)."""

import re
from datetime import timedelta
from typing import Literal
from uuid import UUID

import msgspec

from hybrid_auth.core.redis import RedisNode
from hybrid_auth.core.tokens import random_token

Purpose = Literal["registration", "authentication", "reauthentication"]


class Challenge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a challenge was issued for; a response that is presented elsewhere meets nothing."""

    purpose: Purpose
    user_id: UUID | None = None
    session_id: UUID | None = None
    """The session it was issued in; None: nobody was signed in, or an enrolment token stood for the person."""
    conditional: bool = False


_ISSUED = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
"""How each of ours is written; what a client claims may also be no Unicode text at all."""
_decode = msgspec.json.Decoder(Challenge).decode


class Challenges:
    """Challenges in Redis, under their own value."""

    def __init__(self, node: RedisNode, *, ttl: timedelta) -> None:
        self._node = node
        self._ttl = ttl

    async def give_out(self, challenge: Challenge) -> str:
        """A new challenge, base64url."""
        value = random_token()
        life = int(self._ttl.total_seconds() * 1000)
        await self._node.command("SET", _key(value), msgspec.json.encode(challenge), "PX", life)
        return value

    async def take(self, value: str | None, purpose: Purpose) -> Challenge | None:
        """Consume it, whatever comes of the ceremony; None where it was never issued, is over, used, or for another."""
        if value is None or not _ISSUED.fullmatch(value):
            return None
        found = (await self._node.command("GETDEL", _key(value))).value
        challenge = _decode(found) if found is not None else None
        return challenge if challenge is not None and challenge.purpose == purpose else None


def _key(value: str) -> str:
    return f"ha:challenge:{value}"
