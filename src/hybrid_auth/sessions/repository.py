"""Sessions in PostgreSQL: each method one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Uuid, case, column, func, insert, select, update, values
from sqlalchemy import table as sql_table
from sqlalchemy.sql.elements import ColumnElement

from hybrid_auth.core.database import DateTimeUTC, Transaction, table
from hybrid_auth.sessions.models import SessionRow
from hybrid_auth.sessions.session import Session, Transport

users = sql_table(
    table("users"), column("id", Uuid), column("session_epoch", BigInteger), column("disabled_at", DateTimeUTC)
)
"""The two columns of a person that decide over their sessions; the rest belongs to accounts."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """A refresh that Redis decided and PostgreSQL has yet to hear of."""

    user_id: UUID
    session_id: UUID
    generation: int
    rotated_at: datetime


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A session's row beside the person's epoch of the same moment."""

    session: Session
    revoked: bool
    session_epoch: int


class SessionRows:
    """Reads and writes session rows inside the transaction it is given."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, session: Session) -> bool:
        """Insert a new session; False where the person is gone, disabled, or has another epoch by now.

        A "sign out everywhere" while the password was being hashed must not be survived by this session.
        """
        row = {
            SessionRow.id: session.id,
            SessionRow.user_id: session.user_id,
            SessionRow.user_epoch: session.user_epoch,
            SessionRow.created_at: session.created_at,
            SessionRow.authenticated_at: session.authenticated_at,
            SessionRow.strongly_authenticated_at: session.strongly_authenticated_at,
            SessionRow.expires_at: session.expires_at,
            SessionRow.generation: session.generation,
            SessionRow.rotated_at: session.rotated_at,
            SessionRow.salt_digest: session.salt_digest,
            SessionRow.transport: session.transport,
            SessionRow.amr: list(session.amr),
            SessionRow.aal: session.aal,
            SessionRow.ip: session.ip,
            SessionRow.user_agent: session.user_agent,
        }
        # Locked against deletion until the commit, or the person could be gone before their session is inserted.
        living = (
            select(users.c.id)
            .where(
                users.c.id == session.user_id,
                users.c.session_epoch == session.user_epoch,
                users.c.disabled_at.is_(None),
            )
            .with_for_update(read=True, key_share=True)
        )
        if (await self._transaction.execute(living)).one_or_none() is None:
            return False
        await self._transaction.execute(insert(SessionRow).values({c.key: value for c, value in row.items()}))
        return True

    async def find(self, *, user_id: UUID, session_id: UUID, lock: bool = False) -> FoundRow | None:
        """The row whatever its state, with the person's epoch; None where either is absent.

        `lock`: nobody else changes the person until the transaction ends.
        """
        if lock:
            # In a statement of its own: one that waits for the lock sees the session as it was before it waited.
            await self._transaction.execute(select(users.c.id).where(users.c.id == user_id).with_for_update())
        statement = (
            select(SessionRow, users.c.session_epoch)
            .join(users, users.c.id == SessionRow.user_id)
            .where(SessionRow.id == session_id, SessionRow.user_id == user_id)
        )
        found = (await self._transaction.execute(statement)).one_or_none()
        if found is None:
            return None
        row, epoch = found
        return FoundRow(_session(row), row.revoked_at is not None, epoch)

    async def list_living(self, user_id: UUID, *, now: datetime, idle_ttl: timedelta) -> list[Session]:
        """The person's sessions that still open something, newest first."""
        statement = (
            select(SessionRow)
            .join(users, users.c.id == SessionRow.user_id)
            .where(SessionRow.user_id == user_id, *_living(now, idle_ttl))
            .order_by(SessionRow.created_at.desc(), SessionRow.id.desc())
        )
        return [_session(row) for row in (await self._transaction.execute(statement)).scalars()]

    async def revoke(
        self, *, user_id: UUID, session_id: UUID, now: datetime, reason: str, transport: Transport | None = None
    ) -> bool:
        """Revoke one; False where there is no such session of this person (and transport) that is not revoked yet."""
        statement = update(SessionRow).where(
            SessionRow.id == session_id, SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None)
        )
        if transport is not None:
            statement = statement.where(SessionRow.transport == transport)
        return await self._transaction.write(statement.values(revoked_at=now, revoked_reason=reason)) == 1

    async def revoke_all(
        self, user_id: UUID, *, keep: UUID | None, now: datetime, idle_ttl: timedelta, reason: str
    ) -> tuple[list[UUID], int]:
        """Step the person's epoch and revoke their sessions but `keep`; all revoked ids, and how many still lived."""
        bump = (
            update(users)
            .where(users.c.id == user_id)
            .values(session_epoch=users.c.session_epoch + 1)
            .returning(users.c.session_epoch)
        )
        epoch = (await self._transaction.execute(bump)).scalar_one_or_none()
        if epoch is None:
            return [], 0
        if keep is not None:
            stamp = (
                update(SessionRow)
                .where(
                    SessionRow.id == keep,
                    SessionRow.user_id == user_id,
                    SessionRow.user_epoch == epoch - 1,
                    SessionRow.revoked_at.is_(None),
                )
                .values(user_epoch=epoch)
            )
            await self._transaction.execute(stamp)
        lived = (
            (SessionRow.expires_at > now)
            & (SessionRow.rotated_at > now - idle_ttl)
            & (SessionRow.user_epoch == epoch - 1)
        )
        others = (
            update(SessionRow)
            .where(SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None), SessionRow.id.is_distinct_from(keep))
            .values(revoked_at=now, revoked_reason=reason)
            .returning(SessionRow.id, lived.label("lived"))
        )
        rows = (await self._transaction.execute(others)).all()
        return [row.id for row in rows], sum(row.lived for row in rows)

    async def reauthenticate(
        self, *, session_id: UUID, user_id: UUID, now: datetime, amr: Sequence[str], aal: int, strong: bool
    ) -> Session | None:
        """Stamp a fresh proof; the session as it is then, None where it is revoked."""
        statement = (
            update(SessionRow)
            .where(SessionRow.id == session_id, SessionRow.user_id == user_id, SessionRow.revoked_at.is_(None))
            .values(
                authenticated_at=now,
                strongly_authenticated_at=now if strong else SessionRow.strongly_authenticated_at,
                amr=list(amr),
                aal=aal,
            )
            .returning(SessionRow)
        )
        row = (await self._transaction.execute(statement)).scalar_one_or_none()
        return None if row is None else _session(row)

    async def raise_generations(self, rotations: Sequence[Rotation]) -> None:
        """Write a batch of refreshes; a generation never goes back, whatever order batches arrive in."""
        batch = values(
            column("session_id", Uuid), column("generation", BigInteger), column("rotated_at", DateTimeUTC(True))
        ).data([(r.session_id, r.generation, r.rotated_at) for r in rotations])
        new = batch.alias("batch")
        newer = new.c.generation > SessionRow.generation
        changes: Mapping[Any, ColumnElement[Any]] = {
            SessionRow.generation: func.greatest(SessionRow.generation, new.c.generation),
            SessionRow.rotated_at: case((newer, new.c.rotated_at), else_=SessionRow.rotated_at),
        }
        await self._transaction.execute(
            update(SessionRow).where(SessionRow.id == new.c.session_id).values(changes),
        )


def _living(now: datetime, idle_ttl: timedelta) -> tuple[ColumnElement[bool], ...]:
    return (
        SessionRow.revoked_at.is_(None),
        SessionRow.user_epoch == users.c.session_epoch,
        SessionRow.expires_at > now,
        SessionRow.rotated_at > now - idle_ttl,
    )


def _session(row: SessionRow) -> Session:
    return Session(
        id=row.id,
        user_id=row.user_id,
        user_epoch=row.user_epoch,
        created_at=row.created_at,
        authenticated_at=row.authenticated_at,
        strongly_authenticated_at=row.strongly_authenticated_at,
        expires_at=row.expires_at,
        generation=row.generation,
        rotated_at=row.rotated_at,
        salt_digest=row.salt_digest,
        transport="native" if row.transport == "native" else "cookie",
        amr=tuple(row.amr),
        aal=row.aal,
        ip=row.ip,
        user_agent=row.user_agent,
    )
