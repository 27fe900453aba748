"""Mails wait in PostgreSQL until they are sent."""

from collections.abc import Sequence
from uuid import uuid4

import msgspec
from sqlalchemy import delete, select

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.database import SessionMaker, Transaction
from hybrid_auth.core.secretbox import SecretBox
from hybrid_auth.mail.messages import Message
from hybrid_auth.mail.models import MailRow

BATCH = 50


class MailOutbox:
    """Writes mails beside the change they tell of, and takes them out to be sent."""

    def __init__(self, box: SecretBox, clock: Clock) -> None:
        self._box = box
        self._clock = clock

    async def add(self, transaction: Transaction, kind: str, message: Message) -> None:
        """The mail leaves once the transaction commits, and not at all if it does not."""
        row = MailRow(id=uuid4(), kind=kind, created_at=self._clock.now())
        row.sealed = self._box.seal(msgspec.json.encode(message), context=row.context)
        transaction.session.add(row)

    async def take(self, session_maker: SessionMaker) -> Sequence[Message]:
        """Take up to a batch of waiting mails out, oldest first; each goes to one taker only, and none is kept."""
        async with Transaction(session_maker) as transaction:
            waiting = (
                select(MailRow.id).order_by(MailRow.created_at).limit(BATCH).with_for_update(skip_locked=True)
            ).scalar_subquery()
            taken = delete(MailRow).where(MailRow.id.in_(waiting)).returning(MailRow)
            rows = (await transaction.execute(taken)).scalars().all()
            return [self._open(row) for row in sorted(rows, key=lambda row: row.created_at)]

    def _open(self, row: MailRow) -> Message:
        return msgspec.json.decode(self._box.open(row.sealed, context=row.context), type=Message)
