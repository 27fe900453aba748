"""Authenticator apps in PostgreSQL: each method one statement, but `offer`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from hybrid_auth.core.database import Transaction
from hybrid_auth.totp.codes import WINDOW
from hybrid_auth.totp.models import TotpRow


class TotpRows:
    """Reads and writes authenticator apps inside the transaction it is given."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def find(self, user_id: UUID, *, active: bool) -> TotpRow | None:
        """The one in force, or the one that waits for its first code."""
        state = TotpRow.activated_at.is_not(None) if active else TotpRow.activated_at.is_(None)
        statement = select(TotpRow).where(TotpRow.user_id == user_id, state)
        row: TotpRow | None = (await self._transaction.execute(statement)).scalar_one_or_none()
        return row

    async def offer(self, row: TotpRow) -> None:
        """Keep a new one waiting, in the place of an older one that waits; the person must be locked."""
        await self._transaction.execute(
            delete(TotpRow).where(TotpRow.user_id == row.user_id, TotpRow.activated_at.is_(None))
        )
        self._transaction.session.add(row)

    async def use_step(self, totp_id: UUID, step: int) -> bool:
        """Use a time step up; False where it, or a later one, was used already: of many at once one succeeds."""
        statement = update(TotpRow).where(
            TotpRow.id == totp_id,
            or_(TotpRow.last_step.is_(None), TotpRow.last_step < step),
            TotpRow.told_step.is_distinct_from(step),
        )
        return await self._transaction.write(statement.values(last_step=step)) == 1

    async def tell_step(self, totp_id: UUID, step: int, *, now: int) -> bool:
        """Remember that somebody was told a code of a step to come; False while another one is remembered."""
        free = or_(TotpRow.told_step.is_(None), TotpRow.told_step < now - WINDOW, TotpRow.told_step == step)
        statement = update(TotpRow).where(TotpRow.id == totp_id, free)
        return await self._transaction.write(statement.values(told_step=step)) == 1

    async def activate(self, row: TotpRow, *, now: datetime) -> None:
        """It takes the place of the one in force; the person must be locked."""
        older = and_(TotpRow.user_id == row.user_id, TotpRow.id != row.id)
        await self._transaction.execute(delete(TotpRow).where(older))
        await self._transaction.execute(update(TotpRow).where(TotpRow.id == row.id).values(activated_at=now))

    async def remove(self, user_id: UUID, *, since: datetime | None = None) -> int:
        """Remove what the person has, waiting or in force, or only what is from `since` or later; how many."""
        statement = delete(TotpRow).where(TotpRow.user_id == user_id)
        if since is not None:
            statement = statement.where(TotpRow.created_at >= since)
        return await self._transaction.write(statement)


def totp_count(user_id: ColumnElement[UUID]) -> ColumnElement[int]:
    """Whether the person of that row has one in force: 1 or 0."""
    return (
        select(func.count())
        .select_from(TotpRow)
        .where(TotpRow.user_id == user_id, TotpRow.activated_at.is_not(None))
        .correlate_except(TotpRow)
    ).scalar_subquery()
