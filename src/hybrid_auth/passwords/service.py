"""Signing in with a password, and changing it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement

from hybrid_auth.accounts.emails import canonical, canonical_or_none
from hybrid_auth.accounts.service import reauthentication_methods
from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import AccountConfig
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import AccountDisabled, EmailNotVerified, FieldError, InvalidCredentials, ValidationFailed
from hybrid_auth.core.principal import Principal, Proof
from hybrid_auth.passwords.hashing import PasswordHasher
from hybrid_auth.passwords.policy import check_password
from hybrid_auth.passwords.repository import Candidate, PasswordRows, RegistrationRows, password_count
from hybrid_auth.sessions.service import Authenticated, SessionService

PASSWORD_AMR = ("pwd",)


class Passwords:
    """The password capability; as a `SignInMethod` and a `ReauthenticationMethod` it registers itself."""

    kind: Literal["password"] = "password"

    def __init__(
        self, *, config: AccountConfig, clock: Clock, hasher: PasswordHasher, sessions: SessionService
    ) -> None:
        self._config = config
        self._clock = clock
        self._hasher = hasher
        self._sessions = sessions

    def count(self, user_id: ColumnElement[UUID]) -> ColumnElement[int]:
        return password_count(user_id)

    async def void(self, transaction: Transaction, user_id: UUID, *, since: datetime | None = None) -> None:
        await PasswordRows(transaction).remove(user_id)

    async def forget(self, transaction: Transaction, principal: Principal) -> None:
        """Registrations of the address are tied to nobody while they wait; the address is the person's all the same."""
        await RegistrationRows(transaction).remove(canonical(principal.email))

    async def authenticate(self, transaction: Transaction, *, email: str, password: str) -> Proof:
        """The proof of a right password.

        InvalidCredentials otherwise, after the same work: one statement and one hash, whatever is known of the
        address. EmailNotVerified and AccountDisabled only to somebody who knows the password.
        """
        rows = PasswordRows(transaction)
        candidate = await rows.candidate(canonical_or_none(email), now=self._clock.now())
        await transaction.release()
        verdict = await self._hasher.verify(candidate.hash, password)
        if not verdict.ok or candidate.hash is None or candidate.user_id is None:
            await self._judge_waiting(candidate, password)
            raise InvalidCredentials
        if candidate.disabled:
            raise AccountDisabled
        if not candidate.verified and self._config.email_verification == "required":
            raise EmailNotVerified
        if verdict.needs_rehash:
            renewed = await self._hasher.hash(password)
            await rows.renew(candidate.user_id, old=candidate.hash, new=renewed)
        return Proof(user_id=candidate.user_id, session_epoch=candidate.session_epoch, amr=PASSWORD_AMR, aal=1)

    async def _judge_waiting(self, candidate: Candidate, password: str) -> None:
        """EmailNotVerified for the password of a registration that waits.

        Asked in the same way whether or not somebody has the address: else registering it and signing in with the
        password just chosen would tell. The hash it costs tells only that a registration waits.
        """
        if candidate.waiting_hash is not None and (await self._hasher.verify(candidate.waiting_hash, password)).ok:
            raise EmailNotVerified

    async def prove_again(self, transaction: Transaction, caller: Authenticated, answer: Any) -> Proof:
        """The proof of somebody who is signed in already; InvalidCredentials otherwise."""
        _, epoch = await self._verified(transaction, caller.principal.id, answer)
        return Proof(user_id=caller.principal.id, session_epoch=epoch, amr=PASSWORD_AMR, aal=1)

    async def change(self, transaction: Transaction, caller: Authenticated, *, current: str | None, new: str) -> None:
        """Replace the password, or set a first one; every other session of the person ends."""
        person = caller.principal
        old = None
        if current is not None:
            old, _ = await self._verified(transaction, person.id, current)
        elif person.has_password:
            raise ValidationFailed([FieldError("current_password", "Enter your current password.")])
        else:
            self._sessions.require_recent(caller, methods=reauthentication_methods(person))
        encoded = await self.hash_new(new, email=person.email, display_name=person.display_name)
        caller = await self._sessions.hold(transaction, caller)
        rows, now = PasswordRows(transaction), self._clock.now()
        if old is None:
            self._sessions.require_recent(caller, methods=reauthentication_methods(caller.principal))
            if caller.principal.has_password:
                raise InvalidCredentials
            await rows.put(person.id, encoded, now=now)
        elif not await rows.replace(person.id, old=old, new=encoded, now=now):
            raise InvalidCredentials
        await self._sessions.revoke_all(transaction, person.id, keep=caller.session.id, reason="password_changed")

    async def hash_new(self, password: str, *, email: str, display_name: str | None) -> str:
        """The hash of a password that policy accepts; PasswordRejected otherwise. Done before a connection is held."""
        context = (self._config.app_name, *self._config.password_words, email, display_name or "")
        await self._hasher.off_loop(
            lambda: check_password(
                password,
                min_length=self._config.password_min_length,
                max_length=self._config.password_max_length,
                min_score=self._config.password_min_score,
                context=context,
            )
        )
        return await self._hasher.hash(password)

    async def _verified(self, transaction: Transaction, user_id: UUID, password: str) -> tuple[str, int]:
        stored, epoch = await PasswordRows(transaction).of(user_id)
        await transaction.release()
        verdict = await self._hasher.verify(stored, password)
        if not verdict.ok or stored is None:
            raise InvalidCredentials
        return stored, epoch
