"""Failures in a row, and the back-off they cost (NIST SP 800-63B-4 §3.2.2)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import BackOff
from hybrid_auth.core.errors import RateLimited, Unavailable
from hybrid_auth.core.redis import RedisNode, Script

LIFE = timedelta(days=365)
"""A count is forgotten by a success, not by waiting."""

_ATTEMPT = Script("hybrid_auth.ratelimit.lua", "attempt")
_MILLISECOND = timedelta(milliseconds=1)

log = structlog.get_logger(__name__)


class Failures:
    """Counts attempts at one thing of one person in Redis; a success forgets them."""

    def __init__(self, node: RedisNode, clock: Clock, config: BackOff) -> None:
        self._node = node
        self._clock = clock
        self._config = config

    async def attempt(self, user_id: UUID, method: str) -> None:
        """Count one, before it is evaluated; RateLimited, and not counted, while the back-off lasts."""
        now = (self._clock.now() - datetime(1970, 1, 1, tzinfo=UTC)) // _MILLISECOND
        arguments = (
            now,
            self._config.after,
            self._config.first // _MILLISECOND,
            self._config.longest // _MILLISECOND,
            LIFE // _MILLISECOND,
        )
        reply = await self._node.evaluate(_ATTEMPT, (_key(user_id, method),), lambda _: arguments)
        if reply.value:
            raise RateLimited(retry_after=-(-int(reply.value) // 1000))

    async def forget(self, user_id: UUID, method: str) -> None:
        """An attempt succeeded. Where Redis is away the count stays: that costs a wait, and lets nobody in."""
        try:
            await self._node.command("DEL", _key(user_id, method))
        except Unavailable:
            log.warning("failures.not_forgotten", user_id=str(user_id), method=method)


def _key(user_id: UUID, method: str) -> str:
    return f"ha:{{{user_id.hex}}}:failures:{method}"
