"""Recovery codes in PostgreSQL: each method one statement."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from hybrid_auth.core.database import Transaction
from hybrid_auth.recovery_codes.models import RecoveryCodesRow


class RecoveryCodeRows:
    """Reads and writes sets of recovery codes inside the transaction it is given."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def put(self, row: RecoveryCodesRow) -> None:
        """Keep a set in the place of an older one."""
        values = {
            "sealed_key": row.sealed_key,
            "digests": row.digests,
            "created_at": row.created_at,
        }
        statement = insert(RecoveryCodesRow).values(user_id=row.user_id, **values)
        await self._transaction.execute(
            statement.on_conflict_do_update(index_elements=[RecoveryCodesRow.user_id], set_=values)
        )

    async def find(self, user_id: UUID) -> RecoveryCodesRow | None:
        """The person's set."""
        statement = select(RecoveryCodesRow).where(RecoveryCodesRow.user_id == user_id)
        row: RecoveryCodesRow | None = (await self._transaction.execute(statement)).scalar_one_or_none()
        return row

    async def consume(self, user_id: UUID, digest: bytes) -> int | None:
        """Use one up: how many are left, or None where it is not there (any more). Of many at once one succeeds."""
        statement = (
            update(RecoveryCodesRow)
            .where(
                RecoveryCodesRow.user_id == user_id, func.array_position(RecoveryCodesRow.digests, digest).is_not(None)
            )
            .values(digests=func.array_remove(RecoveryCodesRow.digests, digest))
            .returning(func.cardinality(RecoveryCodesRow.digests))
            .execution_options(synchronize_session=False)
        )
        left: int | None = (await self._transaction.execute(statement)).scalar_one_or_none()
        return left

    async def remove(self, user_id: UUID, *, since: datetime | None = None) -> None:
        """The person has none any more; with `since`, only a set made then or later goes."""
        statement = delete(RecoveryCodesRow).where(RecoveryCodesRow.user_id == user_id)
        if since is not None:
            statement = statement.where(RecoveryCodesRow.created_at >= since)
        await self._transaction.execute(statement)


def recovery_code_count(user_id: ColumnElement[UUID]) -> ColumnElement[int]:
    """How many codes the person of that row has left."""
    left = (
        select(func.cardinality(RecoveryCodesRow.digests))
        .where(RecoveryCodesRow.user_id == user_id)
        .correlate_except(RecoveryCodesRow)
        .scalar_subquery()
    )
    return func.coalesce(left, 0)
