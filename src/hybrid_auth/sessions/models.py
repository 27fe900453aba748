"""Tables of the session service."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ForeignKey, Identity, Index, LargeBinary, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from hybrid_auth.core.database import Base, DateTimeUTC, table


class SessionRow(Base):
    """A session as PostgreSQL has it: the truth. Rows are revoked, never reused."""

    __tablename__ = table("sessions")
    __table_args__ = (Index(None, "user_id", postgresql_where=text("revoked_at IS NULL")),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(f"{table('users')}.id", ondelete="CASCADE"))
    user_epoch: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    authenticated_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    strongly_authenticated_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    generation: Mapped[int] = mapped_column(BigInteger)
    rotated_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    salt_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    transport: Mapped[str] = mapped_column(String(8))
    amr: Mapped[list[str]] = mapped_column(ARRAY(String(16)))
    aal: Mapped[int] = mapped_column(SmallInteger)
    ip: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str | None] = mapped_column(String(512))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    revoked_reason: Mapped[str | None] = mapped_column(String(40))


class OutboxRow(Base):
    """A change that Redis must still hear of. It has no foreign key: it outlives the person it is about."""

    __tablename__ = table("session_outbox")

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    user_id: Mapped[UUID]
    session_id: Mapped[UUID | None]
    """None: the change is about the person as a whole."""
    generation: Mapped[int | None] = mapped_column(BigInteger)
    rotated_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    revoked: Mapped[bool] = mapped_column(Boolean)


class SigningKeyRow(Base):
    """A key that signs or still verifies access tokens, its private half sealed."""

    __tablename__ = table("signing_keys")

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    sealed_private: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))

    @property
    def context(self) -> str:
        """What the private half is sealed to."""
        return f"signing_key:{self.id}"
