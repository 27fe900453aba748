"""Tables of the passkey capability."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from hybrid_auth.core.database import Base, DateTimeUTC, table


class PasskeyRow(Base):
    """A credential record (WebAuthn L3 §4)."""

    __tablename__ = table("passkeys")

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey(f"{table('users')}.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    """Unique over all people: the same credential never opens two accounts."""
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    aaguid: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(64))
    transports: Mapped[list[str]] = mapped_column(ARRAY(String(16)))
    backup_eligible: Mapped[bool]
    backed_up: Mapped[bool]
    user_verified: Mapped[bool]
    """Whether the person was verified when it was made; not so for a conditional create."""
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    created_in: Mapped[UUID | None]
    """The session it was added in, so that a thief's additions can be told from the owner's."""
    last_used_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    suspected_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    """Its counter went back: somebody may have copied it."""


class PasskeyProfileRow(Base):
    """What authenticators know a person by, and whether they want to be asked for a passkey."""

    __tablename__ = table("passkey_profiles")

    user_id: Mapped[UUID] = mapped_column(ForeignKey(f"{table('users')}.id", ondelete="CASCADE"), primary_key=True)
    user_handle: Mapped[bytes] = mapped_column(LargeBinary(64), unique=True)
    """64 random bytes that say nothing about the person (WebAuthn L3 §14.6.1)."""
    declined_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
