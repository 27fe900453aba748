"""What accounts must know of the ways to sign in, without knowing any of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement

from hybrid_auth.core.database import Transaction
from hybrid_auth.core.principal import Principal

Kind = Literal["password", "totp", "recovery_code", "passkey"]


@dataclass(frozen=True, slots=True)
class EnrolmentToken:
    """Lets an account without any credential get its first one."""

    token: str = field(repr=False)
    ttl: timedelta


class OfferEnrolment(Protocol):
    """How an address that was just confirmed leads to a first credential, without knowing which kinds there are."""

    async def __call__(self, principal: Principal) -> EnrolmentToken: ...


class SignInMethod(Protocol):
    """One way to prove who you are, as a capability registers it."""

    @property
    def kind(self) -> Kind: ...

    def count(self, user_id: ColumnElement[UUID]) -> ColumnElement[int]:
        """How many of it the person of that row has: a correlated scalar subquery."""
        ...

    async def void(self, transaction: Transaction, user_id: UUID, *, since: datetime | None = None) -> None:
        """Remove it from the person, or only what was added at `since` or later: nobody knows who added it.

        A password goes in either case: whoever was let in may know it.
        """
        ...

    async def forget(self, transaction: Transaction, principal: Principal) -> None:
        """The person is being deleted: remove what is kept about them outside of rows that go with theirs."""
        ...
