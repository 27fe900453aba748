"""Tables of accounts. Credentials stand in tables of their own capabilities."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from hybrid_auth.core.database import Base, DateTimeUTC, table


class UserRow(Base):
    """A person."""

    __tablename__ = table("users")

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    email_canonical: Mapped[str] = mapped_column(String(320), unique=True)
    email_verified_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    display_name: Mapped[str | None] = mapped_column(String(100))
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(32)), server_default=text("'{}'"))
    session_epoch: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """Stepping it ends every session stamped with an older one."""
    disabled_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
