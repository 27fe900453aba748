"""What a session is."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

Transport = Literal["cookie", "native"]
"""How the refresh token travels. It works in no other way than the one it was issued for."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in of one person on one client, from proof to expiry or revocation."""

    id: UUID
    user_id: UUID
    user_epoch: int
    """`users.session_epoch` at the sign-in; a session of another epoch is dead."""
    created_at: datetime
    authenticated_at: datetime
    """When the person last proved themself in this session (`auth_time`)."""
    strongly_authenticated_at: datetime | None
    """When they last did so with two factors (AAL2) in this session; None: never."""
    expires_at: datetime
    """The absolute end, set at the sign-in and never moved."""
    generation: int
    """Number of the refresh token in force."""
    rotated_at: datetime
    """When that token was made; idle time counts from here."""
    salt_digest: bytes
    """SHA-256 of the salt inside the refresh tokens of this session."""
    transport: Transport
    amr: tuple[str, ...]
    aal: int
    ip: str | None
    user_agent: str | None

    def deadline(self, idle_ttl: timedelta) -> datetime:
        """The moment from which it is over without any further event."""
        return min(self.expires_at, self.rotated_at + idle_ttl)
