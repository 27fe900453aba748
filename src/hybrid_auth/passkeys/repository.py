"""Passkeys in PostgreSQL: each method one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Uuid, and_, column, delete, func, literal, or_, select, update
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import insert

from hybrid_auth.core.database import DateTimeUTC, Transaction, table
from hybrid_auth.passkeys.ceremony import RegisteredCredential, StoredCredential
from hybrid_auth.passkeys.models import PasskeyProfileRow, PasskeyRow

users = sql_table(
    table("users"),
    column("id", Uuid),
    column("email_verified_at", DateTimeUTC),
    column("disabled_at", DateTimeUTC),
    column("session_epoch", BigInteger),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPasskey:
    """A passkey with its owner, as they were at one moment; it outlives the transaction that read it."""

    id: UUID
    user_id: UUID
    name: str
    credential: StoredCredential
    sign_count: int
    session_epoch: int
    verified: bool
    disabled: bool


class PasskeyRows:
    """Reads and writes passkeys inside the transaction it is given."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def profile(self, user_id: UUID, *, new_handle: bytes) -> PasskeyProfileRow:
        """The person's profile, made with `new_handle` where there is none."""
        wanted = select(PasskeyProfileRow).where(PasskeyProfileRow.user_id == user_id)
        found: PasskeyProfileRow | None = (await self._transaction.execute(wanted)).scalar_one_or_none()
        if found is not None:
            return found
        fresh = insert(PasskeyProfileRow).values(user_id=user_id, user_handle=new_handle)
        # Of two that make it at once the second waits for the first, and updates nothing, only to be given its row.
        statement = fresh.on_conflict_do_update(
            index_elements=[PasskeyProfileRow.user_id], set_={"user_id": fresh.excluded.user_id}
        ).returning(PasskeyProfileRow)
        row: PasskeyProfileRow = (await self._transaction.execute(statement)).scalar_one()
        return row

    async def set_declined(self, user_id: UUID, declined_at: datetime | None) -> None:
        """Whether the person wants to be offered a passkey after signing in."""
        statement = update(PasskeyProfileRow).where(PasskeyProfileRow.user_id == user_id)
        await self._transaction.execute(statement.values(declined_at=declined_at))

    async def list_of(self, user_id: UUID) -> Sequence[PasskeyRow]:
        """The person's passkeys, newest first."""
        statement = (
            select(PasskeyRow)
            .where(PasskeyRow.user_id == user_id)
            .order_by(PasskeyRow.created_at.desc(), PasskeyRow.id.desc())
        )
        return (await self._transaction.execute(statement)).scalars().all()

    async def add(
        self,
        *,
        passkey_id: UUID,
        user_id: UUID,
        credential: RegisteredCredential,
        name: str,
        created_at: datetime,
        created_in: UUID | None,
    ) -> PasskeyRow | None:
        """Keep a new one; None where the credential is registered already, to anybody."""
        statement = (
            insert(PasskeyRow)
            .values(
                id=passkey_id,
                user_id=user_id,
                credential_id=credential.credential_id,
                public_key=credential.public_key,
                sign_count=credential.sign_count,
                aaguid=credential.aaguid,
                name=name,
                transports=list(credential.transports),
                backup_eligible=credential.backup_eligible,
                backed_up=credential.backed_up,
                user_verified=credential.user_verified,
                created_at=created_at,
                created_in=created_in,
            )
            .on_conflict_do_nothing(index_elements=[PasskeyRow.credential_id])
            .returning(PasskeyRow)
        )
        return (await self._transaction.execute(statement)).scalar_one_or_none()

    async def find(self, credential_id: bytes) -> FoundPasskey | None:
        """A passkey by the id its authenticator has for it, and its owner with their epoch."""
        statement = (
            select(
                PasskeyRow,
                PasskeyProfileRow.user_handle,
                users.c.session_epoch,
                users.c.email_verified_at,
                users.c.disabled_at,
            )
            .join(PasskeyProfileRow, PasskeyProfileRow.user_id == PasskeyRow.user_id)
            .join(users, users.c.id == PasskeyRow.user_id)
            .where(PasskeyRow.credential_id == credential_id)
        )
        found = (await self._transaction.execute(statement)).one_or_none()
        if found is None:
            return None
        passkey, user_handle, session_epoch, email_verified_at, disabled_at = found
        return FoundPasskey(
            id=passkey.id,
            user_id=passkey.user_id,
            name=passkey.name,
            credential=StoredCredential(
                credential_id=passkey.credential_id,
                public_key=passkey.public_key,
                backup_eligible=passkey.backup_eligible,
                user_handle=user_handle,
            ),
            sign_count=passkey.sign_count,
            session_epoch=session_epoch,
            verified=email_verified_at is not None,
            disabled=disabled_at is not None,
        )

    async def used(self, passkey_id: UUID, *, sign_count: int, backed_up: bool, now: datetime) -> bool:
        """Record a use; False where a device-bound key's counter did not go on (§7.2 step 22).

        One statement decides, so that of two copies used at once one is found out. A synced key may live on several
        devices, each with a counter of its own: its counter only ever rises here.
        """
        goes_on = or_(
            PasskeyRow.backup_eligible,
            PasskeyRow.sign_count < sign_count,
            and_(PasskeyRow.sign_count == 0, literal(sign_count) == 0),
        )
        statement = (
            update(PasskeyRow)
            .where(PasskeyRow.id == passkey_id, goes_on)
            .values(
                sign_count=func.greatest(PasskeyRow.sign_count, sign_count),
                backed_up=backed_up,
                last_used_at=now,
            )
        )
        return await self._transaction.write(statement) == 1

    async def suspect(self, passkey_id: UUID, *, now: datetime) -> bool:
        """Remember that its counter went back; False where it was deleted meanwhile."""
        statement = update(PasskeyRow).where(PasskeyRow.id == passkey_id)
        return await self._transaction.write(statement.values(suspected_at=now)) == 1

    async def rename(self, *, user_id: UUID, passkey_id: UUID, name: str) -> PasskeyRow | None:
        """The renamed passkey; None where the person has no such one."""
        statement = (
            update(PasskeyRow)
            .where(PasskeyRow.id == passkey_id, PasskeyRow.user_id == user_id)
            .values(name=name)
            .returning(PasskeyRow)
        )
        return (await self._transaction.execute(statement)).scalar_one_or_none()

    async def remove(self, *, user_id: UUID, passkey_id: UUID) -> bool:
        """Delete one; False where the person has no such one."""
        statement = delete(PasskeyRow).where(PasskeyRow.id == passkey_id, PasskeyRow.user_id == user_id)
        return await self._transaction.write(statement) == 1

    async def remove_all(self, user_id: UUID, *, since: datetime | None) -> None:
        """Remove the passkeys made at `since` or later; with None all, and authenticators know the person anew."""
        if since is not None:
            newer = delete(PasskeyRow).where(PasskeyRow.user_id == user_id, PasskeyRow.created_at >= since)
            await self._transaction.execute(newer)
            return
        await self._transaction.execute(delete(PasskeyRow).where(PasskeyRow.user_id == user_id))
        await self._transaction.execute(delete(PasskeyProfileRow).where(PasskeyProfileRow.user_id == user_id))


def passkey_count(user_id: ColumnElement[UUID]) -> ColumnElement[int]:
    """How many passkeys the person of that row has."""
    return (
        select(func.count()).select_from(PasskeyRow).where(PasskeyRow.user_id == user_id).correlate_except(PasskeyRow)
    ).scalar_subquery()
