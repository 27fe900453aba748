"""Tables of the password capability."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hybrid_auth.core.database import Base, DateTimeUTC, table


class PasswordRow(Base):
    """A person's password, as an Argon2id hash in PHC form."""

    __tablename__ = table("passwords")

    user_id: Mapped[UUID] = mapped_column(ForeignKey(f"{table('users')}.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str] = mapped_column(String(255))
    changed_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))


class RegistrationRow(Base):
    """A registration whose address was not confirmed yet: its own password beside its own link."""

    __tablename__ = table("registrations")
    __table_args__ = (Index(None, "email_canonical", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    email_canonical: Mapped[str] = mapped_column(String(320))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey(f"{table('users')}.id", ondelete="CASCADE"))
    """The person, where they could sign in before confirming (`optional` mode)."""
    display_name: Mapped[str | None] = mapped_column(String(100))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
