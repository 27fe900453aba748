"""Changes on their way from PostgreSQL to Redis (SESSION_PROTOCOL 7)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select

from hybrid_auth.core.database import SessionMaker, Transaction
from hybrid_auth.sessions.models import OutboxRow
from hybrid_auth.sessions.redis_sessions import RedisSessions

BATCH = 500


class Outbox:
    """Rows written in the transaction of a change, applied to Redis after its commit by whoever comes first.

    The request that made the change applies it at once; should its worker die in between, any worker's poll does so
    within a second. Applying twice is harmless.
    """

    def __init__(self, session_maker: SessionMaker, redis: RedisSessions) -> None:
        self._session_maker = session_maker
        self._redis = redis
        self._applied: set[int] = set()

    async def add(
        self,
        transaction: Transaction,
        *,
        user_id: UUID,
        session_id: UUID | None = None,
        generation: int | None = None,
        rotated_at: datetime | None = None,
        revoked: bool = False,
    ) -> int:
        """Write a row beside the change it tells of; its id, for `settle`."""
        statement = (
            insert(OutboxRow)
            .values(
                user_id=user_id,
                session_id=session_id,
                generation=generation,
                rotated_at=rotated_at,
                revoked=revoked,
            )
            .returning(OutboxRow.id)
        )
        return int((await transaction.execute(statement)).scalar_one())

    def settle(self, row_id: int) -> None:
        """The change behind this row stands in Redis; the next poll deletes the row."""
        self._applied.add(row_id)

    async def poll(self) -> int:
        """Apply what is pending, then delete it; the number of rows that had to be applied here."""
        settled = set(self._applied)
        async with Transaction(self._session_maker) as transaction:
            pending = (await transaction.execute(select(OutboxRow).order_by(OutboxRow.id).limit(BATCH))).scalars().all()
            strays = [row for row in pending if row.id not in settled]
            for row in strays:
                await self._apply(row)
            if pending:
                await transaction.execute(delete(OutboxRow).where(OutboxRow.id.in_([row.id for row in pending])))
        # Where the batch was not full, a settled row that did not show up was deleted by another worker's poll.
        self._applied -= settled if len(pending) < BATCH else {row.id for row in pending}
        return len(strays)

    async def _apply(self, row: OutboxRow) -> None:
        if row.session_id is None:
            await self._redis.forget_person(row.user_id)
        elif row.revoked:
            await self._redis.bury(user_id=row.user_id, session_id=row.session_id)
        elif row.generation is not None and row.rotated_at is not None:
            await self._redis.raise_generation(
                user_id=row.user_id,
                session_id=row.session_id,
                generation=row.generation,
                rotated_at=row.rotated_at,
            )
        else:
            await self._redis.mark_stale(user_id=row.user_id, session_id=row.session_id)
