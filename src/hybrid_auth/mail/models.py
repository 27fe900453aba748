"""The mail outbox."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hybrid_auth.core.database import Base, DateTimeUTC, table


class MailRow(Base):
    """A mail written in the transaction of what it tells of, on its way out."""

    __tablename__ = table("mail_outbox")

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Recipient and message. It may hold a link that signs somebody in, so it is sealed to this row."""
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), index=True)

    @property
    def context(self) -> str:
        """What it is sealed to."""
        return f"mail:{self.id}"
