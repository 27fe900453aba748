"""The table of recovery codes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from hybrid_auth.core.database import Base, DateTimeUTC, table


class RecoveryCodesRow(Base):
    """A person's set: digests of the codes that are left, under a key of its own.

    The key is sealed, so that the digests tell nothing without the service's secrets, and those can be rotated.
    """

    __tablename__ = table("recovery_codes")

    user_id: Mapped[UUID] = mapped_column(ForeignKey(f"{table('users')}.id", ondelete="CASCADE"), primary_key=True)
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    digests: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary(32)))
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))

    @property
    def context(self) -> str:
        """What the key is sealed to."""
        return f"recovery_codes:{self.user_id}"
