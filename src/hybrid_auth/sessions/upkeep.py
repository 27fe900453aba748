"""What each worker does beside answering: write refreshes behind, and carry the outbox to Redis."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog

from hybrid_auth.core.background import Repeated
from hybrid_auth.core.database import SessionMaker, Transaction
from hybrid_auth.core.errors import Unavailable
from hybrid_auth.sessions.outbox import Outbox
from hybrid_auth.sessions.redis_sessions import RedisSessions
from hybrid_auth.sessions.repository import Rotation, SessionRows

INTERVAL = 0.9
"""Seconds between two rounds: a batch is written, and a stray outbox row applied, within a second."""
BATCH = 1_000
"""Refreshes in one statement, which takes 32,767 parameters: many more may wait after an outage of PostgreSQL."""

log = structlog.get_logger(__name__)


class Upkeep:
    """One of them per worker."""

    def __init__(self, session_maker: SessionMaker, redis: RedisSessions, outbox: Outbox) -> None:
        self._session_maker = session_maker
        self._redis = redis
        self._outbox = outbox
        self._rotations: dict[object, Rotation] = {}
        self._repeated = Repeated("session-upkeep", self._round, interval=INTERVAL)

    def rotated(self, rotation: Rotation) -> None:
        """Queue a refresh that Redis decided; of one session only the newest counts."""
        queued = self._rotations.get(rotation.session_id)
        if queued is None or queued.generation < rotation.generation:
            self._rotations[rotation.session_id] = rotation

    async def start(self) -> None:
        await self._repeated.start()

    async def stop(self) -> None:
        """Stop, and write what is queued: nothing is lost on SIGTERM."""
        await self._repeated.stop()
        with suppress(Unavailable):
            await self.write_rotations()

    async def _round(self) -> None:
        await self._attempt(self.write_rotations)
        await self._attempt(self._outbox.poll)

    async def _attempt(self, step: Callable[[], Awaitable[object]]) -> None:
        """Neither step may hold up the other, and no failure ends the task: revocations reach Redis through it."""
        try:
            await step()
        except Unavailable as error:
            log.warning("session_upkeep.store_unavailable", cause=repr(error.__cause__))
        except Exception:
            log.exception("session_upkeep.failed")

    async def write_rotations(self) -> None:
        """PostgreSQL first, then confirm in Redis; with Redis away an outbox row confirms later."""
        waiting, self._rotations = list(self._rotations.values()), {}
        try:
            while waiting:
                batch = waiting[-BATCH:]
                async with Transaction(self._session_maker) as transaction:
                    await SessionRows(transaction).raise_generations(batch)
                await self._confirm(batch)
                del waiting[-BATCH:]
        finally:
            # Failed or cancelled on the way: again in the next round, or at the stop. Twice does no harm.
            for rotation in waiting:
                self.rotated(rotation)

    async def _confirm(self, batch: Sequence[Rotation]) -> None:
        unconfirmed = list(batch)
        try:
            while unconfirmed:
                rotation = unconfirmed[-1]
                await self._redis.raise_generation(
                    user_id=rotation.user_id,
                    session_id=rotation.session_id,
                    generation=rotation.generation,
                    rotated_at=rotation.rotated_at,
                )
                unconfirmed.pop()
        except Unavailable:
            async with Transaction(self._session_maker) as transaction:
                for rotation in unconfirmed:
                    await self._outbox.add(
                        transaction,
                        user_id=rotation.user_id,
                        session_id=rotation.session_id,
                        generation=rotation.generation,
                        rotated_at=rotation.rotated_at,
                    )
