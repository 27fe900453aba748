"""Who is calling, and what was proven: the words that every room shares."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from hybrid_auth.core.database import Transaction

SecondFactorPolicy = Literal["off", "admins", "all"]
"""Who must use a second factor or a passkey, beside those who turned it on themselves."""


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A person as guarded routes see them, and all that `User` shows, so that no route need ask PostgreSQL for it."""

    id: UUID
    session_epoch: int
    """Sessions stamped with another epoch are dead."""
    email: str
    email_verified: bool
    display_name: str | None
    roles: tuple[str, ...]
    created_at: datetime
    has_password: bool
    totp_enabled: bool
    passkey_count: int
    recovery_codes_remaining: int

    def is_under(self, policy: SecondFactorPolicy) -> bool:
        """Whether a policy asks two factors of this person."""
        return policy == "all" or (policy == "admins" and "admin" in self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A person proved something: what a sign-in is made of."""

    user_id: UUID
    session_epoch: int
    """`users.session_epoch`, read in the same statement as the credential that was verified."""
    amr: tuple[str, ...]
    """Authentication methods (RFC 8176)."""
    aal: int
    """Authenticator assurance level, 1 or 2 (NIST SP 800-63B-4)."""


class LoadPrincipal(Protocol):
    """How the session service asks for a person without knowing accounts."""

    async def __call__(self, transaction: Transaction, user_id: UUID) -> Principal | None:
        """The person as PostgreSQL has them now; None where there is none or they are disabled."""
        ...
