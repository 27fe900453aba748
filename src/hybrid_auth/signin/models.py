"""Tables of signing in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hybrid_auth.core.database import Base, DateTimeUTC, table


class TrustedBrowserRow(Base):
    """A browser where a person is not asked for the second factor for a while."""

    __tablename__ = table("trusted_browsers")

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(f"{table('users')}.id", ondelete="CASCADE"), index=True)
    session_epoch: Mapped[int] = mapped_column(BigInteger)
    """`users.session_epoch` when it was trusted; what ends every session ends the trust too."""
    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_agent: Mapped[str | None] = mapped_column(String(512))
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    last_used_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
