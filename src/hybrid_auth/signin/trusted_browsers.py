"""Browsers where a person is not asked for the second factor for a while."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import NotFound
from hybrid_auth.core.http import ClientInfo
from hybrid_auth.core.principal import Principal
from hybrid_auth.core.tokens import random_token, token_digest
from hybrid_auth.sessions.service import Authenticated, SessionService
from hybrid_auth.signin.models import TrustedBrowserRow
from hybrid_auth.signin.repository import TrustedBrowserRows


@dataclass(frozen=True, slots=True)
class Trust:
    """What a trusted browser keeps, and for how long."""

    token: str = field(repr=False)
    seconds: int


class TrustedBrowsers:
    """Trust, for a fixed time from the second factor that was given there; a use does not prolong it."""

    def __init__(self, clock: Clock, sessions: SessionService, *, ttl: timedelta) -> None:
        self._clock = clock
        self._sessions = sessions
        self._ttl = ttl

    async def trust(self, transaction: Transaction, principal: Principal, client: ClientInfo) -> Trust:
        """A token for the browser to keep; its digest is stored."""
        token, now = random_token(), self._clock.now()
        await TrustedBrowserRows(transaction).add(
            browser_id=uuid4(),
            user_id=principal.id,
            session_epoch=principal.session_epoch,
            token_digest=token_digest(token),
            user_agent=client.user_agent,
            now=now,
            expires_at=now + self._ttl,
        )
        return Trust(token, int(self._ttl.total_seconds()))

    async def admit(self, transaction: Transaction, principal: Principal, token: str | None) -> bool:
        """Whether this person trusts the browser that holds `token`.

        Only in the place of TOTP: a policy that somebody does not meet yet cannot have been met here before.
        """
        if not token or not principal.totp_enabled:
            return False
        return await TrustedBrowserRows(transaction).use(principal, token_digest(token), now=self._clock.now())

    async def list_of(self, transaction: Transaction, principal: Principal) -> Sequence[TrustedBrowserRow]:
        """The person's trusted browsers, newest first."""
        return await TrustedBrowserRows(transaction).list_of(principal, now=self._clock.now())

    async def remove(self, transaction: Transaction, caller: Authenticated, browser_id: UUID) -> None:
        """Trust it no more; NotFound where the person trusts no such browser."""
        caller = await self._sessions.hold(transaction, caller)
        if not await TrustedBrowserRows(transaction).remove(caller.principal, browser_id, now=self._clock.now()):
            raise NotFound

    async def drop(self, transaction: Transaction, user_id: UUID) -> None:
        """A factor of the person changed: what was trusted before counts no more."""
        await TrustedBrowserRows(transaction).remove_all(user_id)
