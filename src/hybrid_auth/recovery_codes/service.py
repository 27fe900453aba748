"""What a person does with recovery codes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement

from hybrid_auth.accounts.service import Accounts
from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import AccountConfig
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import Conflict, InvalidCode
from hybrid_auth.core.principal import Principal
from hybrid_auth.core.secretbox import SecretBox
from hybrid_auth.core.tokens import mac, random_bytes
from hybrid_auth.mail.messages import recovery_code_used, recovery_codes_replaced
from hybrid_auth.mail.outbox import MailOutbox
from hybrid_auth.recovery_codes.codes import clean_code, grouped, new_code
from hybrid_auth.recovery_codes.models import RecoveryCodesRow
from hybrid_auth.recovery_codes.repository import RecoveryCodeRows, recovery_code_count
from hybrid_auth.sessions.service import Authenticated, SessionService

KEY_BYTES = 32


class RecoveryCodes:
    """The recovery code capability; a `SignInMethod` and a `SecondFactor`."""

    kind: Literal["recovery_code"] = "recovery_code"

    def __init__(
        self,
        *,
        config: AccountConfig,
        count: int,
        clock: Clock,
        box: SecretBox,
        accounts: Accounts,
        sessions: SessionService,
        mail: MailOutbox,
    ) -> None:
        self._config = config
        self._count = count
        self._clock = clock
        self._box = box
        self._accounts = accounts
        self._sessions = sessions
        self._mail = mail

    def count(self, user_id: ColumnElement[UUID]) -> ColumnElement[int]:
        return recovery_code_count(user_id)

    async def void(self, transaction: Transaction, user_id: UUID, *, since: datetime | None = None) -> None:
        await RecoveryCodeRows(transaction).remove(user_id, since=since)

    async def forget(self, transaction: Transaction, principal: Principal) -> None:
        """All rows go with the person's."""

    async def regenerate(self, transaction: Transaction, caller: Authenticated) -> Sequence[str]:
        """A new set, asked for by its owner; Conflict where no second factor is ever asked of them."""
        person = (await self._accounts.require_recent(transaction, caller)).principal
        if not self._sessions.requires_second_factor(person):
            raise Conflict("Recovery codes come with an authenticator app. Add one first.")
        codes = await self.replace(transaction, person)
        await self._sessions.person_changed(transaction, person.id)
        message = recovery_codes_replaced(recipient=person.email, app_name=self._config.app_name)
        await self._mail.add(transaction, "recovery_codes_replaced", message)
        return codes

    async def replace(self, transaction: Transaction, principal: Principal) -> Sequence[str]:
        """A new set, shown once; an older one is void. The person must be locked."""
        codes, key = [new_code() for _ in range(self._count)], random_bytes(KEY_BYTES)
        row = RecoveryCodesRow(
            user_id=principal.id, digests=[mac(key, code.encode()) for code in codes], created_at=self._clock.now()
        )
        row.sealed_key = self._box.seal(key, context=row.context)
        await RecoveryCodeRows(transaction).put(row)
        return [grouped(code) for code in codes]

    def clean(self, code: str) -> str:
        clean = clean_code(code)
        if clean is None:
            raise InvalidCode("Enter a recovery code as it was given to you: 24 letters and digits.")
        return clean

    async def verify(self, transaction: Transaction, user_id: UUID, code: str) -> None:
        rows = RecoveryCodeRows(transaction)
        row = await rows.find(user_id)
        if row is None:
            raise InvalidCode
        key = self._box.open(row.sealed_key, context=row.context)
        left = await rows.consume(user_id, mac(key, code.encode()))
        if left is None:
            raise InvalidCode
        await self._sessions.person_changed(transaction, user_id)
        person = await self._accounts.principal(transaction, user_id)
        if person is not None:
            message = recovery_code_used(recipient=person.email, app_name=self._config.app_name, left=left)
            await self._mail.add(transaction, "recovery_code_used", message)
