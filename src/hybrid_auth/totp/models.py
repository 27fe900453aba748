"""The table of authenticator apps."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from hybrid_auth.core.database import Base, DateTimeUTC, table


class TotpRow(Base):
    """A secret shared with an authenticator app: in force once activated, waiting for its first code before."""

    __tablename__ = table("totp")
    __table_args__ = (
        Index("hybrid_auth_totp_active_key", "user_id", unique=True, postgresql_where=text("activated_at IS NOT NULL")),
        Index("hybrid_auth_totp_waiting_key", "user_id", unique=True, postgresql_where=text("activated_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(f"{table('users')}.id", ondelete="CASCADE"))
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    created_in: Mapped[UUID | None]
    """The session it was enrolled in; None: with an enrolment token."""
    activated_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    """The newest time step a code was accepted for; it and all before are used up (RFC 6238 §5.2)."""
    told_step: Mapped[int | None] = mapped_column(BigInteger)
    """A step to come whose code was guessed early: a hint told the guesser so, and it will not be accepted."""

    @property
    def context(self) -> str:
        """What the secret is sealed to: this factor of this person."""
        return f"totp:{self.user_id}:{self.id}"
