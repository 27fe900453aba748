"""Mails wait in PostgreSQL until they are sent."""

from collections.abc import Sequence
from uuid import uuid4

import msgspec
from sqlalchemy import insert, select, update

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
        mail_id = uuid4()
        sealed = self._box.seal(msgspec.json.encode(message), context=f"mail:{mail_id}")
        await transaction.execute(
            insert(MailRow).values(id=mail_id, kind=kind, sealed=sealed, created_at=self._clock.now())
        )

    async def take(self, session_maker: SessionMaker) -> Sequence[Message]:
        """Mark up to a batch of waiting mails as sent, and hand them over; each to one taker only."""
        async with Transaction(session_maker) as transaction:
            waiting = (
                select(MailRow)
                .where(MailRow.sent_at.is_(None))
                .order_by(MailRow.created_at)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
            rows = (await transaction.execute(waiting)).scalars().all()
            messages = [
                msgspec.json.decode(self._box.open(row.sealed, context=f"mail:{row.id}"), type=Message) for row in rows
            ]
            if rows:
                sent = update(MailRow).where(MailRow.id.in_([row.id for row in rows]))
                await transaction.execute(sent.values(sent_at=self._clock.now()))
        return messages
