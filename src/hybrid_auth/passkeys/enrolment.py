"""Enrolment tokens: they let an account without a credential register a passkey, and do nothing else."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hybrid_auth.core.redis import RedisNode
from hybrid_auth.core.tokens import random_token, token_digest

PREFIX = "enrol_"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Who may register a passkey with a token, and the epoch their account had when it was given out."""

    user_id: UUID
    session_epoch: int


class Enrolments:
    """Enrolment tokens in Redis, as digests."""

    def __init__(self, node: RedisNode, *, ttl: timedelta) -> None:
        self._node = node
        self.ttl = ttl

    async def give_out(self, enrolment: Enrolment) -> str:
        """A new token, shown once."""
        token = PREFIX + random_token()
        value = f"{enrolment.user_id.hex}.{enrolment.session_epoch}"
        await self._node.command("SET", _key(token), value, "PX", int(self.ttl.total_seconds() * 1000))
        return token

    async def find(self, token: str) -> Enrolment | None:
        """Whom the token stands for."""
        return _read((await self._node.command("GET", _key(token))).value)

    async def take(self, token: str) -> Enrolment | None:
        """Consume the token; of several that present it at once one gets it."""
        return _read((await self._node.command("GETDEL", _key(token))).value)


def _key(token: str) -> str:
    return f"ha:enrolment:{token_digest(token).hex()}"


def _read(value: bytes | None) -> Enrolment | None:
    if value is None:
        return None
    user_id, _, epoch = value.decode().partition(".")
    return Enrolment(UUID(user_id), int(epoch))
