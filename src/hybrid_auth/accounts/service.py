"""What can be done with an account."""

import unicodedata
from collections.abc import Sequence
from uuid import UUID, uuid4

from hybrid_auth.accounts.emails import canonical, normalise
from hybrid_auth.accounts.methods import SignInMethod
from hybrid_auth.accounts.repository import UserRows
from hybrid_auth.core.clock import Clock
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import FieldError, LastSignInMethod, NotFound, ValidationFailed
from hybrid_auth.core.principal import Principal
from hybrid_auth.sessions.service import Authenticated, SessionService


class PrincipalLoader:
    """The implementation of `LoadPrincipal`: one SELECT over the person and the counts of what they sign in with."""

    def __init__(self) -> None:
        self.methods: tuple[SignInMethod, ...] = ()
        """Set once all capabilities are built: they need the sessions, which need this."""

    async def __call__(self, transaction: Transaction, user_id: UUID) -> Principal | None:
        return await UserRows(transaction).principal(user_id, self.methods)


class Accounts:
    """People: making, changing and removing them."""

    def __init__(self, *, clock: Clock, sessions: SessionService, load_principal: PrincipalLoader) -> None:
        self._clock = clock
        self._sessions = sessions
        self._load_principal = load_principal

    async def create(
        self,
        transaction: Transaction,
        *,
        email: str,
        display_name: str | None,
        verified: bool,
        roles: Sequence[str] = (),
    ) -> UUID | None:
        """A new person; None where the address is taken. ValidationFailed for an address or name that is none."""
        user_id, now = uuid4(), self._clock.now()
        added = await UserRows(transaction).add(
            user_id=user_id,
            email=normalise(email),
            email_canonical=canonical(email),
            email_verified_at=now if verified else None,
            display_name=clean_display_name(display_name),
            roles=roles,
            created_at=now,
        )
        return user_id if added else None

    async def principal(self, transaction: Transaction, user_id: UUID) -> Principal | None:
        """The person as PostgreSQL has them now; None where there is none or they are disabled."""
        return await self._load_principal(transaction, user_id)

    async def lock(self, transaction: Transaction, user_id: UUID) -> None:
        """Let nobody else change this person's ways to sign in until the transaction ends."""
        await UserRows(transaction).lock(user_id)

    async def require_recent(self, transaction: Transaction, caller: Authenticated) -> Authenticated:
        """The caller as they are now, held until the transaction ends; ReauthenticationRequired without a fresh proof.

        As they are now: the request's body may have come long after its headers.
        """
        caller = await self._sessions.hold(transaction, caller)
        self._sessions.require_recent(caller, methods=reauthentication_methods(caller.principal))
        return caller

    async def require_a_way_in(self, transaction: Transaction, user_id: UUID) -> None:
        """LastSignInMethod where what is left does not open the account; call it under `lock`, after a removal."""
        principal = await self._load_principal(transaction, user_id)
        if principal is None or not has_credential(principal):
            raise LastSignInMethod
        if self._sessions.requires_second_factor(principal) and not has_second_factor(principal):
            raise LastSignInMethod("A second factor is required here, and this is the last one. Add another one first.")

    async def find(self, transaction: Transaction, email_canonical: str) -> Principal | None:
        """The person with that address, disabled or not."""
        return await UserRows(transaction).principal_of(email_canonical, self._load_principal.methods)

    async def mark_verified(self, transaction: Transaction, user_id: UUID, *, keep_password: bool) -> None:
        """The address proved to be the person's.

        Whoever used it unverified may have been somebody else, who registered it first: every session from before ends
        and what was added to sign in with is void. `keep_password`: only where the link that was followed belongs to
        the registration that set it.
        """
        await UserRows(transaction).change(user_id, {"email_verified_at": self._clock.now()})
        for method in self._load_principal.methods:
            if method.kind != "password" or not keep_password:
                await method.void(transaction, user_id)
        await self._sessions.revoke_all(transaction, user_id, reason="email_verified")

    async def rename(self, transaction: Transaction, caller: Authenticated, display_name: str | None) -> Principal:
        """Set the display name; the person as they are then."""
        name = clean_display_name(display_name)
        caller = await self._sessions.hold(transaction, caller)
        await UserRows(transaction).change(caller.principal.id, {"display_name": name})
        await self._sessions.person_changed(transaction, caller.principal.id)
        principal = await self._load_principal(transaction, caller.principal.id)
        if principal is None:
            raise NotFound
        return principal

    async def delete(self, transaction: Transaction, caller: Authenticated) -> None:
        """Remove the person and all that is theirs; ReauthenticationRequired unless they proved themself recently."""
        caller = await self.require_recent(transaction, caller)
        await self._sessions.revoke_all(transaction, caller.principal.id, reason="account_deleted")
        for method in self._load_principal.methods:
            await method.forget(transaction, caller.principal)
        await UserRows(transaction).remove(caller.principal.id)


def has_credential(principal: Principal) -> bool:
    """Whether anything opens the account."""
    return principal.has_password or principal.passkey_count > 0


def has_second_factor(principal: Principal) -> bool:
    """Whether the person can prove more than one factor."""
    return principal.totp_enabled or principal.passkey_count > 0


def reauthentication_methods(principal: Principal) -> tuple[str, ...]:
    """The ways in which this person can prove themself well enough, strongest first."""
    have = {
        "passkey": principal.passkey_count > 0,
        "totp": principal.totp_enabled,
        "password": principal.has_password and not has_second_factor(principal),
    }
    return tuple(kind for kind, there in have.items() if there)


def clean_display_name(name: str | None) -> str | None:
    """A name for people to read: NFC, trimmed, None if empty. ValidationFailed if it hides control characters."""
    return None if name is None else clean_name(name, field="display_name", limit=100) or None


def clean_name(name: str, *, field: str, limit: int) -> str:
    """NFC and trimmed. ValidationFailed for invisible characters, or for more than `limit` code points by then.

    NFC makes two or three of some characters, so what fitted before need not fit the column.
    """
    name = unicodedata.normalize("NFC", name).strip()
    if any(
        unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in name.replace("\u200d", "")
    ):
        raise ValidationFailed([FieldError(field, "Leave out line breaks and invisible characters.")])
    if len(name) > limit:
        raise ValidationFailed([FieldError(field, f"Use {limit} characters at most.")])
    return name
