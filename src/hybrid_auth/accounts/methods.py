"""What accounts must know of the ways to sign in, without knowing any of them."""

from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement

Kind = Literal["password", "totp", "recovery_code", "passkey"]


class SignInMethod(Protocol):
    """One way to prove who you are, as a capability registers it."""

    @property
    def kind(self) -> Kind: ...

    def count(self, user_id: ColumnElement[UUID]) -> ColumnElement[int]:
        """How many of it the person of that row has: a correlated scalar subquery."""
        ...
