"""What the account calls take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, structs

from hybrid_auth.core.clock import whole_seconds
from hybrid_auth.core.principal import Principal
from hybrid_auth.sessions.schemas import SessionView
from hybrid_auth.sessions.service import Authenticated

DisplayName = Annotated[str, Meta(max_length=100)]


class User(Struct, frozen=True, kw_only=True):
    """A person as they see themself."""

    id: UUID
    email: str
    email_verified: bool
    display_name: str | None
    roles: tuple[str, ...]
    created_at: datetime
    has_password: bool
    totp_enabled: bool
    passkey_count: int
    recovery_codes_remaining: int

    @classmethod
    def of(cls, principal: Principal) -> "User":
        return cls(
            id=principal.id,
            email=principal.email,
            email_verified=principal.email_verified,
            display_name=principal.display_name,
            roles=principal.roles,
            created_at=whole_seconds(principal.created_at),
            has_password=principal.has_password,
            totp_enabled=principal.totp_enabled,
            passkey_count=principal.passkey_count,
            recovery_codes_remaining=principal.recovery_codes_remaining,
        )


class Me(User, frozen=True, kw_only=True):
    """A person, and the session they ask from."""

    session: SessionView

    @classmethod
    def of_caller(cls, caller: Authenticated, principal: Principal | None = None) -> "Me":
        user = User.of(principal or caller.principal)
        return cls(**structs.asdict(user), session=SessionView.of(caller.session, current=True))


class ProfileChange(Struct, frozen=True, forbid_unknown_fields=True):
    display_name: DisplayName | None
