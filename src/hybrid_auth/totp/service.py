"""What a person does with an authenticator app: enrol, activate, use, switch off."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, Protocol
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement

from hybrid_auth.accounts.service import Accounts, has_second_factor, reauthentication_methods
from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import AccountConfig
from hybrid_auth.core.database import SessionMaker, Transaction
from hybrid_auth.core.errors import Conflict, InvalidCode, InvalidToken, NotFound, ReauthenticationRequired
from hybrid_auth.core.principal import Principal, Proof
from hybrid_auth.core.secretbox import SecretBox
from hybrid_auth.core.tokens import random_bytes
from hybrid_auth.mail.messages import totp_disabled, totp_enabled
from hybrid_auth.mail.outbox import MailOutbox
from hybrid_auth.ratelimit.failures import Failures
from hybrid_auth.sessions.service import Authenticated, SessionService
from hybrid_auth.signin.enrolment import Enroller, Enrolments
from hybrid_auth.signin.service import CODE_AMR, CODES
from hybrid_auth.signin.trusted_browsers import TrustedBrowsers
from hybrid_auth.totp.codes import SECRET_BYTES, STEP_SECONDS, WINDOW, base32, clean_code, matching_step, step_at
from hybrid_auth.totp.key_uri import key_uri, qr_svg
from hybrid_auth.totp.models import TotpRow
from hybrid_auth.totp.repository import TotpRows, totp_count

ENROLMENT = "totp_enrolment"
"""Under what wrong codes for a secret that waits are counted."""


class RecoveryCodeSet(Protocol):
    """What comes with an authenticator app: the way back where it is lost."""

    async def replace(self, transaction: Transaction, principal: Principal) -> Sequence[str]:
        """A new set of codes; an older one is void."""
        ...

    async def void(self, transaction: Transaction, user_id: UUID) -> None:
        """The person has none any more."""
        ...


@dataclass(frozen=True, slots=True)
class Offered:
    """A secret that waits for its first code; shown once."""

    secret: str = field(repr=False)
    """Base32."""
    uri: str = field(repr=False)
    qr_svg: str = field(repr=False)
    expires_in: int
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Activated:
    """An authenticator app in force, and for somebody who came with an enrolment token the proof that it is."""

    recovery_codes: Sequence[str] = field(repr=False)
    proof: Proof | None


class Totp:
    """The TOTP capability; a `SignInMethod` and a `SecondFactor`."""

    kind: Literal["totp"] = "totp"

    def __init__(
        self,
        *,
        config: AccountConfig,
        clock: Clock,
        box: SecretBox,
        session_maker: SessionMaker,
        accounts: Accounts,
        sessions: SessionService,
        enrolments: Enrolments,
        recovery_codes: RecoveryCodeSet,
        trusted: TrustedBrowsers,
        failures: Failures,
        mail: MailOutbox,
    ) -> None:
        self._config = config
        self._clock = clock
        self._box = box
        self._session_maker = session_maker
        self._accounts = accounts
        self._sessions = sessions
        self._enrolments = enrolments
        self._recovery_codes = recovery_codes
        self._trusted = trusted
        self._failures = failures
        self._mail = mail

    def count(self, user_id: ColumnElement[UUID]) -> ColumnElement[int]:
        return totp_count(user_id)

    async def void(self, transaction: Transaction, user_id: UUID, *, since: datetime | None = None) -> None:
        await TotpRows(transaction).remove(user_id, since=since)

    async def forget(self, transaction: Transaction, principal: Principal) -> None:
        for method in (CODES, ENROLMENT):
            transaction.after_commit(partial(self._failures.forget, principal.id, method))

    async def enroll(self, transaction: Transaction, enroller: Enroller) -> Offered:
        """A new secret; one in force stays so until this one is activated."""
        self._require_a_first_factor(enroller)
        enroller = await self._enrolments.require_recent(transaction, enroller)
        secret, person = random_bytes(SECRET_BYTES), enroller.principal
        row = TotpRow(id=uuid4(), user_id=person.id, created_at=self._clock.now(), created_in=enroller.session_id)
        row.sealed_secret = self._box.seal(secret, context=row.context)
        await TotpRows(transaction).offer(row)
        uri = key_uri(secret, issuer=self._config.app_name, account=person.email)
        # Drawing takes some 10 ms.
        return Offered(base32(secret), uri, await asyncio.to_thread(qr_svg, uri), int(self._ttl.total_seconds()))

    async def activate(self, transaction: Transaction, enroller: Enroller, code: str) -> Activated:
        """Put the waiting secret in force with a code of it; every other session of the person ends.

        They were opened by one factor, or with the secret that is replaced. This one now has two.
        Conflict where nothing waits (any more) in this session, InvalidCode for a code that is not of it.
        """
        self._require_a_first_factor(enroller)
        clean = self.clean(code)
        enroller = await self._enrolments.hold(transaction, enroller)
        self._require_what_enrolling_asked(enroller)
        row = await TotpRows(transaction).find(enroller.principal.id, active=False)
        if row is None or row.created_in != enroller.session_id or self._clock.now() >= row.created_at + self._ttl:
            raise Conflict("There is no authenticator app to activate. Begin again.")
        # Who has a session taken from its owner must not guess at what the owner enrols there.
        await self._failures.attempt(enroller.principal.id, ENROLMENT)
        await self._spend(transaction, row, clean)
        transaction.after_commit(partial(self._failures.forget, enroller.principal.id, ENROLMENT))
        await self._enrolments.spend(enroller)
        await TotpRows(transaction).activate(row, now=self._clock.now())
        await self._trusted.drop(transaction, enroller.principal.id)
        codes = await self._recovery_codes.replace(transaction, enroller.principal)
        message = totp_enabled(recipient=enroller.principal.email, app_name=self._config.app_name)
        await self._mail.add(transaction, "totp_enabled", message)
        return Activated(codes, await self._settle(transaction, enroller))

    async def disable(self, transaction: Transaction, caller: Authenticated) -> None:
        """Switch it off, and with it the recovery codes; NotFound where there is none.

        LastSignInMethod where a second factor is required and there is no other.
        """
        person = (await self._accounts.require_recent(transaction, caller)).principal
        if not person.totp_enabled:
            raise NotFound
        await TotpRows(transaction).remove(person.id)
        await self._accounts.require_a_way_in(transaction, person.id)
        await self._recovery_codes.void(transaction, person.id)
        await self._trusted.drop(transaction, person.id)
        await self._sessions.person_changed(transaction, person.id)
        message = totp_disabled(recipient=person.email, app_name=self._config.app_name)
        await self._mail.add(transaction, "totp_disabled", message)

    def clean(self, code: str) -> str:
        clean = clean_code(code)
        if clean is None:
            raise InvalidCode("Enter the 6 digits that your authenticator app shows.")
        return clean

    async def verify(self, transaction: Transaction, user_id: UUID, code: str) -> None:
        row = await TotpRows(transaction).find(user_id, active=True)
        if row is None:
            raise InvalidCode
        await self._spend(transaction, row, code)

    async def _spend(self, transaction: Transaction, row: TotpRow, code: str) -> None:
        """Use up a code of this secret; InvalidCode otherwise, with a hint where the code's clock runs wrong."""
        now = step_at(self._clock.now())
        step = matching_step(self._box.open(row.sealed_secret, context=row.context), code, around=now)
        if step is not None and abs(step - now) > WINDOW:
            if step > now and not await self._tell(transaction, row.id, step, now=now):
                raise InvalidCode
            raise InvalidCode(clock_drift=(step - now) * STEP_SECONDS)
        if step is None or not await TotpRows(transaction).use_step(row.id, step):
            raise InvalidCode

    async def _tell(self, transaction: Transaction, totp_id: UUID, step: int, *, now: int) -> bool:
        """A guesser who is told that a code is yet to come must not be able to use it then. One is told at a time.

        In a transaction of its own: that of the refused request is rolled back.
        """
        await transaction.release()
        async with Transaction(self._session_maker) as own:
            return await TotpRows(own).tell_step(totp_id, step, now=now)

    async def _settle(self, transaction: Transaction, enroller: Enroller) -> Proof | None:
        user_id, amr = enroller.principal.id, (*enroller.amr, *CODE_AMR)
        await self._sessions.revoke_all(transaction, user_id, keep=enroller.session_id, reason="totp_enabled")
        present = await self._accounts.principal(transaction, user_id)
        if present is None:
            raise InvalidToken
        proof = Proof(user_id=user_id, session_epoch=present.session_epoch, amr=amr, aal=2)
        if enroller.caller is None:
            return proof
        await self._sessions.reauthenticate(transaction, enroller.caller, proof)
        return None

    def _require_a_first_factor(self, enroller: Enroller) -> None:
        """A confirmed address alone lets its owner add a passkey, never a code: that is no way in by itself."""
        if enroller.caller is None and not enroller.amr:
            raise InvalidToken

    def _require_what_enrolling_asked(self, enroller: Enroller) -> None:
        """A thief may have enrolled while a password was enough; their owner has put in a second factor since."""
        person, caller = enroller.principal, enroller.caller
        if caller is not None and has_second_factor(person) and caller.session.strongly_authenticated_at is None:
            raise ReauthenticationRequired(reauthentication_methods(person))

    @property
    def _ttl(self) -> timedelta:
        return self._config.enrolment_ttl
