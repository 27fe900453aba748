"""Passwords and registrations in PostgreSQL: each method one statement."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, String, Uuid, column, delete, exists, func, literal, select, update
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import insert

from hybrid_auth.core.database import DateTimeUTC, Transaction, table
from hybrid_auth.passwords.models import PasswordRow, RegistrationRow

users = sql_table(
    table("users"),
    column("id", Uuid),
    column("email_canonical", String),
    column("email_verified_at", DateTimeUTC),
    column("disabled_at", DateTimeUTC),
    column("session_epoch", BigInteger),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of an address somebody wants to sign in with."""

    user_id: UUID | None
    """None: nobody has it, though a registration may be waiting for its confirmation."""
    session_epoch: int
    verified: bool
    disabled: bool
    hash: str | None
    """Of the person's password."""
    waiting_hash: str | None
    """Of the newest registration of the address that waits for its confirmation, whether or not it is taken."""


class PasswordRows:
    """Reads and writes passwords inside the transaction it is given."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def candidate(self, email_canonical: str | None, *, now: datetime) -> Candidate:
        """Person, credential and epoch in one statement, the same one whether or not the address is known."""
        waiting = (
            select(RegistrationRow.password_hash)
            .where(RegistrationRow.email_canonical == email_canonical, RegistrationRow.expires_at > now)
            .order_by(RegistrationRow.created_at.desc())
            .limit(1)
            .scalar_subquery()
        )
        one = select(literal(1).label("one")).subquery()
        statement = select(
            users.c.id, users.c.session_epoch, users.c.email_verified_at, users.c.disabled_at, PasswordRow.hash, waiting
        ).select_from(
            one.outerjoin(users, users.c.email_canonical == email_canonical).outerjoin(
                PasswordRow, PasswordRow.user_id == users.c.id
            )
        )
        user_id, epoch, verified_at, disabled_at, stored, pending = (await self._transaction.execute(statement)).one()
        return Candidate(
            user_id=user_id,
            session_epoch=epoch or 0,
            verified=verified_at is not None,
            disabled=disabled_at is not None,
            hash=stored,
            waiting_hash=pending,
        )

    async def of(self, user_id: UUID) -> tuple[str | None, int]:
        """Hash and session epoch of one person, read together."""
        statement = (
            select(PasswordRow.hash, users.c.session_epoch)
            .select_from(users.outerjoin(PasswordRow, PasswordRow.user_id == users.c.id))
            .where(users.c.id == user_id)
        )
        found = (await self._transaction.execute(statement)).one_or_none()
        return (None, 0) if found is None else (found[0], found[1])

    async def put(self, user_id: UUID, encoded: str, *, now: datetime) -> None:
        """Set the password of a person."""
        new = insert(PasswordRow).values(user_id=user_id, hash=encoded, changed_at=now)
        await self._transaction.execute(
            new.on_conflict_do_update(
                index_elements=[PasswordRow.user_id],
                set_={"hash": new.excluded.hash, "changed_at": new.excluded.changed_at},
            )
        )

    async def replace(self, user_id: UUID, *, old: str, new: str, now: datetime) -> bool:
        """Set the password only if it still is the one that was verified; False where somebody was faster."""
        statement = update(PasswordRow).where(PasswordRow.user_id == user_id, PasswordRow.hash == old)
        return await self._transaction.write(statement.values(hash=new, changed_at=now)) == 1

    async def remove(self, user_id: UUID) -> None:
        """The person has no password any more."""
        await self._transaction.execute(delete(PasswordRow).where(PasswordRow.user_id == user_id))

    async def renew(self, user_id: UUID, *, old: str, new: str) -> None:
        """The same password under today's parameters; nothing happens where it was changed meanwhile."""
        # Before the password's row: whoever changes it locks the person first, too.
        await self._transaction.execute(select(users.c.id).where(users.c.id == user_id).with_for_update())
        statement = update(PasswordRow).where(PasswordRow.user_id == user_id, PasswordRow.hash == old)
        await self._transaction.execute(statement.values(hash=new))


class RegistrationRows:
    """Registrations that wait for a press on their link."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(
        self,
        *,
        registration_id: UUID,
        email: str,
        email_canonical: str,
        user_id: UUID | None,
        display_name: str | None,
        password_hash: str | None,
        token_digest: bytes,
        created_at: datetime,
        expires_at: datetime,
    ) -> None:
        """Keep one more; links sent before for the address stop to work, this one is the newest."""
        await self._transaction.execute(
            insert(RegistrationRow).values(
                id=registration_id,
                email=email,
                email_canonical=email_canonical,
                user_id=user_id,
                display_name=display_name,
                password_hash=password_hash,
                token_digest=token_digest,
                created_at=created_at,
                expires_at=expires_at,
            )
        )

    async def take(self, token_digest: bytes, *, now: datetime) -> RegistrationRow | None:
        """Consume the newest registration of an address by its link, and with it all others; None if it is not that."""
        other = RegistrationRow.__table__.alias("other")
        newest = ~exists().where(
            other.c.email_canonical == RegistrationRow.email_canonical,
            func.row(other.c.created_at, other.c.id) > func.row(RegistrationRow.created_at, RegistrationRow.id),
        )
        statement = (
            delete(RegistrationRow)
            .where(RegistrationRow.token_digest == token_digest, RegistrationRow.expires_at > now, newest)
            .returning(RegistrationRow)
        )
        taken = (await self._transaction.execute(statement)).scalar_one_or_none()
        if taken is not None:
            await self.remove(taken.email_canonical)
        return taken

    async def remove(self, email_canonical: str) -> None:
        """Drop every registration of an address."""
        await self._transaction.execute(
            delete(RegistrationRow).where(RegistrationRow.email_canonical == email_canonical)
        )


def password_count(user_id: ColumnElement[UUID]) -> ColumnElement[int]:
    """1 where the person of that row has a password, else 0."""
    return (
        select(func.count())
        .select_from(PasswordRow)
        .where(PasswordRow.user_id == user_id)
        .correlate_except(PasswordRow)
    ).scalar_subquery()
