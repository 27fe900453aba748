"""Who may add a factor: somebody signed in, or the bearer of an enrolment token."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeGuard
from uuid import UUID

import msgspec

from hybrid_auth.accounts.methods import EnrolmentToken
from hybrid_auth.accounts.service import Accounts, has_credential, has_second_factor
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import InvalidToken
from hybrid_auth.core.principal import Principal
from hybrid_auth.core.redis import RedisNode
from hybrid_auth.core.tokens import random_token, token_digest
from hybrid_auth.sessions.service import Authenticated, SessionService

PREFIX = "enrol_"


class Enrolment(msgspec.Struct, frozen=True):
    """Who may add a factor with a token, the epoch their account had when it was given out, and what they had proven.

    `amr` is empty for an account without any credential, whose address was confirmed; it is the first factor for
    somebody of whom a policy asks a second one they do not have yet.
    """

    user_id: UUID
    session_epoch: int
    amr: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Enroller:
    """Who adds a factor; either `caller` or `token` is there."""

    principal: Principal
    caller: Authenticated | None
    token: str | None = field(default=None, repr=False)
    amr: tuple[str, ...] = ()
    """What the bearer of an enrolment token had proven."""

    @property
    def session_id(self) -> UUID | None:
        return self.caller.session.id if self.caller else None


_decode = msgspec.json.Decoder(Enrolment).decode


class Enrolments:
    """Enrolment tokens in Redis, as digests, and the people behind them."""

    def __init__(self, node: RedisNode, *, ttl: timedelta, accounts: Accounts, sessions: SessionService) -> None:
        self._node = node
        self._accounts = accounts
        self._sessions = sessions
        self.ttl = ttl

    async def offer(self, principal: Principal, *, amr: tuple[str, ...] = ()) -> EnrolmentToken:
        """A new token, shown once."""
        token = PREFIX + random_token()
        value = msgspec.json.encode(Enrolment(principal.id, principal.session_epoch, amr))
        await self._node.command("SET", _key(token), value, "PX", self.ttl // timedelta(milliseconds=1))
        return EnrolmentToken(token, self.ttl)

    async def enroller(self, transaction: Transaction, caller: Authenticated | None, bearer: str | None) -> Enroller:
        """Who is calling, by session or by enrolment token; InvalidToken where it is neither."""
        if caller is not None:
            return Enroller(caller.principal, caller)
        enrolment = await self._find(bearer) if bearer else None
        principal = await self._accounts.principal(transaction, enrolment.user_id) if enrolment else None
        if enrolment is None or not _serves(principal, session_epoch=enrolment.session_epoch, amr=enrolment.amr):
            raise InvalidToken
        return Enroller(principal, None, bearer, enrolment.amr)

    async def hold(self, transaction: Transaction, enroller: Enroller) -> Enroller:
        """As they are now, locked until the transaction ends; SessionRevoked or InvalidToken where that is over.

        Deleted, disabled or signed out everywhere since the request was let in: nothing is kept any more.
        """
        if enroller.caller is not None:
            caller = await self._sessions.hold(transaction, enroller.caller)
            return Enroller(caller.principal, caller)
        await self._accounts.lock(transaction, enroller.principal.id)
        present = await self._accounts.principal(transaction, enroller.principal.id)
        if not _serves(present, session_epoch=enroller.principal.session_epoch, amr=enroller.amr):
            raise InvalidToken
        return Enroller(present, None, enroller.token, enroller.amr)

    async def require_recent(self, transaction: Transaction, enroller: Enroller) -> Enroller:
        """Held, and a session recently authenticated; the token is a recent proof in itself."""
        if enroller.caller is None:
            return await self.hold(transaction, enroller)
        caller = await self._accounts.require_recent(transaction, enroller.caller)
        return Enroller(caller.principal, caller)

    async def spend(self, enroller: Enroller) -> None:
        """Consume the token, if one was used; InvalidToken for all but one of several at once."""
        if enroller.token is not None and (await self._node.command("GETDEL", _key(enroller.token))).value is None:
            raise InvalidToken

    async def _find(self, token: str) -> Enrolment | None:
        found = (await self._node.command("GET", _key(token))).value
        return _decode(found) if found is not None else None


def _serves(principal: Principal | None, *, session_epoch: int, amr: tuple[str, ...]) -> TypeGuard[Principal]:
    """Whether a token still does: not after a sign-out everywhere, nor beside a factor that was added since.

    It was given for the lack of one. Else whoever kept a token from before could add a factor of their own.
    """
    if principal is None or principal.session_epoch != session_epoch:
        return False
    return not (has_second_factor(principal) if amr else has_credential(principal))


def _key(token: str) -> str:
    return f"ha:enrolment:{token_digest(token).hex()}"
