"""People in PostgreSQL: each method one statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from hybrid_auth.accounts.methods import SignInMethod
from hybrid_auth.accounts.models import UserRow
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.principal import Principal


class UserRows:
    """Reads and writes people inside the transaction it is given."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(
        self,
        *,
        user_id: UUID,
        email: str,
        email_canonical: str,
        email_verified_at: datetime | None,
        display_name: str | None,
        roles: Sequence[str],
        created_at: datetime,
    ) -> bool:
        """Insert a person; False where the address is taken."""
        statement = (
            insert(UserRow)
            .values(
                id=user_id,
                email=email,
                email_canonical=email_canonical,
                email_verified_at=email_verified_at,
                display_name=display_name,
                roles=list(roles),
                created_at=created_at,
            )
            .on_conflict_do_nothing(index_elements=[UserRow.email_canonical])
        )
        return await self._transaction.write(statement) == 1

    async def lock(self, user_id: UUID) -> None:
        """Hold the person's row until the transaction ends."""
        await self._transaction.execute(select(UserRow.id).where(UserRow.id == user_id).with_for_update())

    async def change(self, user_id: UUID, values: Mapping[str, Any]) -> bool:
        """Set columns of one person; False where there is none."""
        return await self._transaction.write(update(UserRow).where(UserRow.id == user_id).values(**values)) == 1

    async def remove(self, user_id: UUID) -> bool:
        """Delete the person and, by foreign keys, all that is theirs."""
        return await self._transaction.write(delete(UserRow).where(UserRow.id == user_id)) == 1

    async def principal(self, user_id: UUID, methods: Sequence[SignInMethod]) -> Principal | None:
        """The person with the counts of their sign-in methods, in one statement; None where absent or disabled."""
        return await self._principal(methods, UserRow.id == user_id, UserRow.disabled_at.is_(None))

    async def principal_of(self, email_canonical: str, methods: Sequence[SignInMethod]) -> Principal | None:
        """The same by address, of disabled people too; locks the row until the commit."""
        return await self._principal(methods, UserRow.email_canonical == email_canonical, lock=True)

    async def _principal(
        self, methods: Sequence[SignInMethod], *conditions: ColumnElement[bool], lock: bool = False
    ) -> Principal | None:
        counts = {method.kind: method.count(UserRow.id.expression) for method in methods}
        statement = select(UserRow, *(count.label(kind) for kind, count in counts.items())).where(*conditions)
        if lock:
            statement = statement.with_for_update(of=UserRow)
        # As it is now, whatever this transaction has read before.
        statement = statement.execution_options(populate_existing=True)
        found = (await self._transaction.execute(statement)).one_or_none()
        if found is None:
            return None
        user, have = found[0], dict(zip(counts, found[1:], strict=True))
        return Principal(
            id=user.id,
            session_epoch=user.session_epoch,
            email=user.email,
            email_verified=user.email_verified_at is not None,
            display_name=user.display_name,
            roles=tuple(user.roles),
            created_at=user.created_at,
            has_password=have.get("password", 0) > 0,
            totp_enabled=have.get("totp", 0) > 0,
            passkey_count=have.get("passkey", 0),
            recovery_codes_remaining=have.get("recovery_code", 0),
        )
