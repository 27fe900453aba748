"""What a person does with passkeys: make, use, name and remove them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

import structlog
from sqlalchemy import ColumnElement

from hybrid_auth.accounts.service import Accounts, clean_name
from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import AccountConfig, WebConfig
from hybrid_auth.core.database import SessionMaker, Transaction
from hybrid_auth.core.errors import (
    AccountDisabled,
    Conflict,
    EmailNotVerified,
    FieldError,
    NotFound,
    PasskeyVerificationFailed,
    UnknownPasskey,
    ValidationFailed,
)
from hybrid_auth.core.principal import Principal, Proof
from hybrid_auth.core.tokens import random_bytes
from hybrid_auth.mail.messages import passkey_added, passkey_suspected
from hybrid_auth.mail.outbox import MailOutbox
from hybrid_auth.passkeys.ceremony import (
    RegisteredCredential,
    RelyingParty,
    presented_challenge,
    presented_credential_id,
    refuse,
    verify_assertion,
    verify_registration,
)
from hybrid_auth.passkeys.challenges import Challenge, Challenges, Purpose
from hybrid_auth.passkeys.models import PasskeyProfileRow, PasskeyRow
from hybrid_auth.passkeys.providers import Providers
from hybrid_auth.passkeys.repository import FoundPasskey, PasskeyRows, passkey_count
from hybrid_auth.sessions.devices import recognise
from hybrid_auth.sessions.service import Authenticated, SessionService
from hybrid_auth.signin.enrolment import Enroller, Enrolments
from hybrid_auth.signin.trusted_browsers import TrustedBrowsers

MAX_NAME = 64
"""Code points."""
MAX_PASSKEYS = 50
USER_HANDLE_BYTES = 64

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Creation:
    """What creation options are made of."""

    challenge: str
    profile: PasskeyProfileRow
    existing: Sequence[PasskeyRow]


@dataclass(frozen=True, slots=True)
class Registered:
    """A new passkey, and for somebody who came with an enrolment token the proof that it is."""

    passkey: PasskeyRow
    proof: Proof | None


class Passkeys:
    """The passkey capability; a `SignInMethod` and a `ReauthenticationMethod`."""

    kind: Literal["passkey"] = "passkey"

    def __init__(
        self,
        *,
        web: WebConfig,
        config: AccountConfig,
        clock: Clock,
        session_maker: SessionMaker,
        accounts: Accounts,
        sessions: SessionService,
        challenges: Challenges,
        enrolments: Enrolments,
        trusted: TrustedBrowsers,
        providers: Providers,
        mail: MailOutbox,
    ) -> None:
        self.party = RelyingParty(rp_id=web.rp_id, origins=web.allowed_origins)
        self._config = config
        self._clock = clock
        self._session_maker = session_maker
        self._accounts = accounts
        self._sessions = sessions
        self._challenges = challenges
        self._enrolments = enrolments
        self._trusted = trusted
        self.providers = providers
        self._mail = mail

    def count(self, user_id: ColumnElement[UUID]) -> ColumnElement[int]:
        return passkey_count(user_id)

    async def void(self, transaction: Transaction, user_id: UUID, *, since: datetime | None = None) -> None:
        await PasskeyRows(transaction).remove_all(user_id, since=since)

    async def forget(self, transaction: Transaction, principal: Principal) -> None:
        """All rows go with the person's."""

    # --- registering ------------------------------------------------------------------------------------------------

    async def creation(self, transaction: Transaction, enroller: Enroller) -> Creation:
        """Begin a registration the person asked for; a session must be recently authenticated."""
        enroller = await self._enrolments.require_recent(transaction, enroller)
        profile, existing = await self._state(transaction, enroller.principal.id)
        return await self._begin(enroller, profile, existing, conditional=False)

    async def conditional_creation(self, transaction: Transaction, enroller: Enroller) -> Creation | None:
        """Begin a silent upgrade after a password sign-in; None where it is not the moment.

        Not the moment: no sign-in with a password, the person declined, or has a passkey.
        """
        caller = enroller.caller
        if caller is None or "pwd" not in caller.session.amr:
            return None
        profile, existing = await self._state(transaction, enroller.principal.id)
        if profile.declined_at is not None or existing:
            return None
        enroller = await self._enrolments.require_recent(transaction, enroller)
        return await self._begin(enroller, profile, existing, conditional=True)

    async def register(
        self, transaction: Transaction, enroller: Enroller, credential: Mapping[str, Any], *, name: str | None
    ) -> Registered:
        """Finish a registration; PasskeyVerificationFailed, and nothing kept, where any step fails.

        ValidationFailed for a name that is none; the challenge then stays good.
        """
        name = _clean(name) if name is not None else None
        presented = presented_challenge(credential)
        challenge = await self._take(presented, "registration")
        user, session_id = enroller.principal, enroller.session_id
        if challenge.user_id != user.id or challenge.session_id != session_id:
            refuse("§7.1 step 29 issued to somebody else")
        made = verify_registration(
            credential, party=self.party, challenge=presented or "", conditional=challenge.conditional
        )
        await self._enrolments.spend(enroller)
        enroller = await self._enrolments.hold(transaction, enroller)
        rows = PasskeyRows(transaction)
        existing = await rows.list_of(user.id)
        if len(existing) >= MAX_PASSKEYS:
            raise Conflict("This account has as many passkeys as it can hold. Delete one first.")
        passkey = await rows.add(
            passkey_id=uuid4(),
            user_id=user.id,
            credential=made,
            name=name or self._name(made, enroller.caller, existing),
            created_at=self._clock.now(),
            created_in=session_id,
        )
        if passkey is None:
            refuse("§7.1 step 26 credential known")
        await self._trusted.drop(transaction, user.id)
        await self._sessions.person_changed(transaction, user.id)
        await self._mail.add(
            transaction,
            "passkey_added",
            passkey_added(recipient=user.email, app_name=self._config.app_name, name=passkey.name),
        )
        proof = None
        if enroller.caller is None:
            proof = self._proof(user.id, synced=made.backup_eligible, session_epoch=user.session_epoch)
        return Registered(passkey, proof)

    async def _state(self, transaction: Transaction, user_id: UUID) -> tuple[PasskeyProfileRow, Sequence[PasskeyRow]]:
        rows = PasskeyRows(transaction)
        profile = await rows.profile(user_id, new_handle=random_bytes(USER_HANDLE_BYTES))
        return profile, await rows.list_of(user_id)

    async def _begin(
        self, enroller: Enroller, profile: PasskeyProfileRow, existing: Sequence[PasskeyRow], *, conditional: bool
    ) -> Creation:
        challenge = await self._challenges.give_out(
            Challenge(
                purpose="registration",
                user_id=enroller.principal.id,
                session_id=enroller.session_id,
                conditional=conditional,
            )
        )
        return Creation(challenge, profile, existing)

    def _name(self, made: RegisteredCredential, caller: Authenticated | None, existing: Sequence[PasskeyRow]) -> str:
        """The provider, else the device; numbered where the person has one of that name."""
        base = self.providers.name(made.aaguid)
        if base is None:
            base = recognise(caller.session.user_agent).label if caller else "Passkey"
        taken = {row.name for row in existing}
        number, name = 1, base[:60]
        while name in taken:
            number += 1
            name = f"{base[:60]} {number}"
        return name

    # --- signing in -------------------------------------------------------------------------------------------------

    async def request(self, transaction: Transaction, caller: Authenticated | None) -> tuple[str, Sequence[PasskeyRow]]:
        """Begin a sign-in, the same for everybody; or for somebody signed in a step-up, bound to their session."""
        if caller is None:
            return await self._challenges.give_out(Challenge(purpose="authentication")), ()
        challenge = Challenge(purpose="reauthentication", user_id=caller.principal.id, session_id=caller.session.id)
        return await self._challenges.give_out(challenge), await PasskeyRows(transaction).list_of(caller.principal.id)

    async def authenticate(self, transaction: Transaction, credential: Mapping[str, Any]) -> Proof:
        """The proof of an assertion by anybody's passkey; UnknownPasskey where nobody has it."""
        presented = presented_challenge(credential)
        await self._take(presented, "authentication")
        found = await PasskeyRows(transaction).find(presented_credential_id(credential))
        if found is None:
            raise UnknownPasskey
        proof = await self._judge(transaction, found, credential, challenge=presented or "", user_known=False)
        if found.disabled:
            raise AccountDisabled
        if not found.verified and self._config.email_verification == "required":
            raise EmailNotVerified
        return proof

    async def prove_again(self, transaction: Transaction, caller: Authenticated, answer: Any) -> Proof:
        """The proof of somebody signed in, by one of their own passkeys and a challenge of this very session."""
        presented = presented_challenge(answer)
        challenge = await self._take(presented, "reauthentication")
        if challenge.user_id != caller.principal.id or challenge.session_id != caller.session.id:
            refuse("§7.2 step 11 challenge of another session")
        found = await PasskeyRows(transaction).find(presented_credential_id(answer))
        if found is None or found.user_id != caller.principal.id:
            refuse("§7.2 step 5 credential not allowed")
        return await self._judge(transaction, found, answer, challenge=presented or "", user_known=True)

    async def _judge(
        self,
        transaction: Transaction,
        found: FoundPasskey,
        credential: Mapping[str, Any],
        *,
        challenge: str,
        user_known: bool,
    ) -> Proof:
        synced = found.credential.backup_eligible
        assertion = verify_assertion(
            credential, party=self.party, challenge=challenge, stored=found.credential, user_known=user_known
        )
        now, rows = self._clock.now(), PasskeyRows(transaction)
        # Before the passkey's row: whoever deletes it locks the person first, too.
        await self._accounts.lock(transaction, found.user_id)
        if not await rows.used(found.id, sign_count=assertion.sign_count, backed_up=assertion.backed_up, now=now):
            await transaction.release()
            await self._suspect(found)
            refuse("§7.2 step 22 counter went back")
        if synced and 0 < assertion.sign_count <= found.sign_count:
            log.info("passkey.counter_went_back", passkey_id=str(found.id), synced=True)
        return self._proof(found.user_id, synced=synced, session_epoch=found.session_epoch)

    async def _suspect(self, passkey: FoundPasskey) -> None:
        """Flag it and tell its owner, in a transaction of its own: that of the refused request is rolled back."""
        async with Transaction(self._session_maker) as transaction:
            if not await PasskeyRows(transaction).suspect(passkey.id, now=self._clock.now()):
                # It was deleted while it was being used: its owner has nothing to fear of it.
                return
            log.warning(
                "passkey.counter_went_back", passkey_id=str(passkey.id), user_id=str(passkey.user_id), synced=False
            )
            owner = await self._accounts.principal(transaction, passkey.user_id)
            if owner is not None:
                await self._mail.add(
                    transaction,
                    "passkey_suspected",
                    passkey_suspected(recipient=owner.email, app_name=self._config.app_name, name=passkey.name),
                )

    async def _take(self, presented: str | None, purpose: Purpose) -> Challenge:
        challenge = await self._challenges.take(presented, purpose)
        if challenge is None:
            raise PasskeyVerificationFailed("challenge unknown, used, over or for another purpose")
        return challenge

    @staticmethod
    def _proof(user_id: UUID, *, synced: bool, session_epoch: int) -> Proof:
        """A user-verified passkey is two factors (RFC 8176: `hwk` hardware-secured, `swk` software-secured key)."""
        key = "swk" if synced else "hwk"
        return Proof(user_id=user_id, session_epoch=session_epoch, amr=(key, "user", "mfa"), aal=2)

    # --- managing ---------------------------------------------------------------------------------------------------

    async def overview(self, transaction: Transaction, user_id: UUID) -> tuple[PasskeyProfileRow, Sequence[PasskeyRow]]:
        """Profile and passkeys of a person."""
        return await self._state(transaction, user_id)

    async def decline_offer(self, transaction: Transaction, caller: Authenticated, *, declined: bool) -> None:
        """Never offer a passkey after a sign-in again, or do so after all."""
        user_id = (await self._sessions.hold(transaction, caller)).principal.id
        await self._state(transaction, user_id)
        await PasskeyRows(transaction).set_declined(user_id, self._clock.now() if declined else None)

    async def rename(self, transaction: Transaction, caller: Authenticated, passkey_id: UUID, name: str) -> PasskeyRow:
        """Call it something else; NotFound where the person has no such passkey, ValidationFailed for no name."""
        clean = _clean(name)
        await self._sessions.hold(transaction, caller)
        row = await PasskeyRows(transaction).rename(user_id=caller.principal.id, passkey_id=passkey_id, name=clean)
        if row is None:
            raise NotFound
        return row

    async def remove(self, transaction: Transaction, caller: Authenticated, passkey_id: UUID) -> None:
        """Delete one; LastSignInMethod where nothing else would open the account."""
        user_id = (await self._accounts.require_recent(transaction, caller)).principal.id
        if not await PasskeyRows(transaction).remove(user_id=user_id, passkey_id=passkey_id):
            raise NotFound
        await self._accounts.require_a_way_in(transaction, user_id)
        await self._trusted.drop(transaction, user_id)
        await self._sessions.person_changed(transaction, user_id)


def _clean(name: str) -> str:
    clean = clean_name(name, field="name", limit=MAX_NAME)
    if not clean:
        raise ValidationFailed([FieldError("name", "Enter a name.")])
    return clean
