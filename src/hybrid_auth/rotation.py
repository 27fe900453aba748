"""Sealing anew what older keys sealed, beside a running service, so that those keys can be dropped."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from hybrid_auth.core.database import SessionMaker, Transaction
from hybrid_auth.core.secretbox import CannotOpen, SecretBox
from hybrid_auth.mail.models import MailRow
from hybrid_auth.recovery_codes.models import RecoveryCodesRow
from hybrid_auth.sessions.models import SigningKeyRow
from hybrid_auth.totp.models import TotpRow

BATCH = 100
"""Rows locked at a time; a sign-in that wants one of them waits for that long."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """Where sealed values stand; its rows say what each is sealed to (`context`)."""

    key: InstrumentedAttribute[Any]
    value: InstrumentedAttribute[bytes]

    def is_old(self, box: SecretBox) -> ColumnElement[bool]:
        return func.substr(self.value, 1, len(box.newest_header)) != box.newest_header


SEALED = (
    SealedColumn(SigningKeyRow.id, SigningKeyRow.sealed_private),
    SealedColumn(TotpRow.id, TotpRow.sealed_secret),
    SealedColumn(RecoveryCodesRow.user_id, RecoveryCodesRow.sealed_key),
    SealedColumn(MailRow.id, MailRow.sealed),
)


@dataclass(frozen=True, slots=True)
class Resealed:
    """What a run did."""

    done: int
    unreadable: int
    """Values that no configured key opens; they were left as they are."""


async def count_old(session_maker: SessionMaker, box: SecretBox) -> int:
    """How many values are not sealed with the newest key."""
    async with Transaction(session_maker) as transaction:
        counts = [
            (await transaction.execute(select(func.count()).select_from(at.key.parent.class_).where(at.is_old(box))))
            for at in SEALED
        ]
        return sum(count.scalar_one() for count in counts)


async def reseal(session_maker: SessionMaker, box: SecretBox, *, progress: Callable[[int], None]) -> Resealed:
    """Seal every old value with the newest key, batch by batch; stopped half-way, the next run goes on from there.

    `progress` is told how many values each batch brought.
    """
    done = unreadable = 0
    for at in SEALED:
        last = None
        while True:
            async with Transaction(session_maker) as transaction:
                statement = select(at.key.parent.class_).where(at.is_old(box)).order_by(at.key).limit(BATCH)
                if last is not None:
                    statement = statement.where(at.key > last)
                rows = (await transaction.execute(statement.with_for_update())).scalars().all()
                failed = sum(not _reseal_row(row, at, box) for row in rows)
                last = getattr(rows[-1], at.key.key) if rows else None
            if last is None:
                break
            done, unreadable = done + len(rows) - failed, unreadable + failed
            progress(len(rows))
    return Resealed(done, unreadable)


def _reseal_row(row: Any, at: SealedColumn, box: SecretBox) -> bool:
    try:
        plain = box.open(getattr(row, at.value.key), context=row.context)
    except CannotOpen:
        return False
    setattr(row, at.value.key, box.seal(plain, context=row.context))
    return True
