"""Pending sign-ins: one factor proven, the second asked for."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.errors import InvalidMfaToken
from hybrid_auth.core.principal import Proof
from hybrid_auth.core.redis import RedisNode, Script
from hybrid_auth.core.tokens import random_token, token_digest

PREFIX = "mfa_"
MAX_ATTEMPTS = 5
"""Codes tried at one pending sign-in (ASVS 5.0 §6.6.3)."""

_ATTEMPT = Script("hybrid_auth.signin.lua", "attempt")
_NONE_YET = b"00"


class PendingSignIn(msgspec.Struct, frozen=True, kw_only=True):
    """Who proved what, and the epoch their account had then: a sign-out everywhere ends it too."""

    user_id: UUID
    session_epoch: int
    amr: tuple[str, ...]
    expires_at: datetime


_decode = msgspec.json.Decoder(PendingSignIn).decode


class PendingSignIns:
    """Pending sign-ins in Redis, under the digest of their token."""

    def __init__(self, node: RedisNode, clock: Clock, *, ttl: timedelta) -> None:
        self._node = node
        self._clock = clock
        self.ttl = ttl

    async def give_out(self, proof: Proof) -> str:
        """An `mfa_token` for what was proven, shown once."""
        token = PREFIX + random_token()
        pending = PendingSignIn(
            user_id=proof.user_id,
            session_epoch=proof.session_epoch,
            amr=proof.amr,
            expires_at=self._clock.now() + self.ttl,
        )
        value = _NONE_YET + msgspec.json.encode(pending)
        await self._node.command("SET", _key(token), value, "PX", self.ttl // timedelta(milliseconds=1))
        return token

    async def find(self, token: str) -> PendingSignIn:
        """What the token stands for; InvalidMfaToken where it was never given out, is over or used."""
        found: bytes | None = (await self._node.command("GET", _key(token))).value
        pending = _decode(found[len(_NONE_YET) :]) if found is not None else None
        if pending is None or self._clock.now() >= pending.expires_at:
            raise InvalidMfaToken
        return pending

    async def attempt(self, token: str) -> None:
        """Count an attempt before it is evaluated; InvalidMfaToken, and the sign-in is over, with one too many."""
        reply = await self._node.evaluate(_ATTEMPT, (_key(token),), lambda _: (MAX_ATTEMPTS,))
        if not reply.value:
            raise InvalidMfaToken

    async def take(self, token: str) -> None:
        """Consume it, before a session exists; InvalidMfaToken for all but one of several at once."""
        if (await self._node.command("GETDEL", _key(token))).value is None:
            raise InvalidMfaToken


def _key(token: str) -> str:
    return f"ha:pending:{token_digest(token).hex()}"
