"""Trusted browsers in PostgreSQL: each method one statement."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select, update

from hybrid_auth.core.database import Transaction
from hybrid_auth.core.principal import Principal
from hybrid_auth.core.tokens import TokenDigest
from hybrid_auth.signin.models import TrustedBrowserRow


class TrustedBrowserRows:
    """Reads and writes trusted browsers inside the transaction it is given."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(
        self,
        *,
        browser_id: UUID,
        user_id: UUID,
        session_epoch: int,
        token_digest: TokenDigest,
        user_agent: str | None,
        now: datetime,
        expires_at: datetime,
    ) -> None:
        """Insert one."""
        await self._transaction.execute(
            insert(TrustedBrowserRow).values(
                id=browser_id,
                user_id=user_id,
                session_epoch=session_epoch,
                token_digest=token_digest,
                user_agent=user_agent,
                created_at=now,
                last_used_at=now,
                expires_at=expires_at,
            )
        )

    async def use(self, principal: Principal, token_digest: TokenDigest, *, now: datetime) -> bool:
        """Note a use; False where this person does not trust that browser (any more)."""
        statement = update(TrustedBrowserRow).where(
            TrustedBrowserRow.token_digest == token_digest, *_in_force(principal, now)
        )
        return await self._transaction.write(statement.values(last_used_at=now)) == 1

    async def list_of(self, principal: Principal, *, now: datetime) -> Sequence[TrustedBrowserRow]:
        """The person's trusted browsers, newest first."""
        statement = select(TrustedBrowserRow).where(*_in_force(principal, now))
        return (
            (await self._transaction.execute(statement.order_by(TrustedBrowserRow.created_at.desc()))).scalars().all()
        )

    async def remove(self, principal: Principal, browser_id: UUID, *, now: datetime) -> bool:
        """Trust one no more; False where the person trusts no such browser."""
        statement = delete(TrustedBrowserRow).where(TrustedBrowserRow.id == browser_id, *_in_force(principal, now))
        return await self._transaction.write(statement) == 1

    async def remove_all(self, user_id: UUID) -> None:
        """Trust none of the person's."""
        await self._transaction.execute(delete(TrustedBrowserRow).where(TrustedBrowserRow.user_id == user_id))


def _in_force(principal: Principal, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        TrustedBrowserRow.user_id == principal.id,
        TrustedBrowserRow.session_epoch == principal.session_epoch,
        TrustedBrowserRow.expires_at > now,
    )
