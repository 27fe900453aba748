"""What the session calls take and give."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from hybrid_auth.core.clock import whole_seconds
from hybrid_auth.sessions.devices import Device, recognise
from hybrid_auth.sessions.service import Tokens
from hybrid_auth.sessions.session import Session

RefreshTokenText = Annotated[str, Meta(max_length=512)]


class SessionView(Struct, frozen=True):
    """A session as its owner sees it."""

    id: UUID
    current: bool
    """The session this very request belongs to."""
    created_at: datetime
    last_seen_at: datetime
    """When its access token was last renewed."""
    authenticated_at: datetime
    expires_at: datetime
    """The absolute end; an idle session ends earlier."""
    ip: str | None
    user_agent: str | None
    device: Device
    amr: tuple[str, ...]
    aal: int

    @classmethod
    def of(cls, session: Session, *, current: bool) -> "SessionView":
        return cls(
            id=session.id,
            current=current,
            created_at=whole_seconds(session.created_at),
            last_seen_at=whole_seconds(session.rotated_at),
            authenticated_at=whole_seconds(session.authenticated_at),
            expires_at=whole_seconds(session.expires_at),
            ip=session.ip,
            user_agent=session.user_agent,
            device=recognise(session.user_agent),
            amr=session.amr,
            aal=session.aal,
        )


class SessionList(Struct, frozen=True):
    sessions: list[SessionView]


class RevokedSessions(Struct, frozen=True):
    revoked_sessions: int


class RefreshRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """For clients that keep no cookies."""

    refresh_token: RefreshTokenText

    def __repr__(self) -> str:
        return "<RefreshRequest>"


class RefreshResult(Struct, frozen=True):
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str | UnsetType = UNSET
    """Only where it came in the body."""

    @classmethod
    def of(cls, tokens: Tokens) -> "RefreshResult":
        return cls(
            access_token=tokens.access_token,
            token_type="Bearer",  # noqa: S106 - the name of a scheme, not a secret
            expires_in=tokens.expires_in,
            refresh_token=tokens.refresh_token if tokens.transport == "native" else UNSET,
        )
