"""Registering with a password, and confirming the address."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from hybrid_auth.accounts.emails import canonical, normalise
from hybrid_auth.accounts.methods import EnrolmentToken, OfferEnrolment
from hybrid_auth.accounts.service import Accounts, clean_display_name, has_credential
from hybrid_auth.core.clock import Clock
from hybrid_auth.core.config import AccountConfig
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.errors import Conflict, InvalidOrExpiredToken
from hybrid_auth.core.principal import Proof
from hybrid_auth.core.tokens import random_token, token_digest
from hybrid_auth.mail.messages import already_registered, verify_email
from hybrid_auth.mail.outbox import MailOutbox
from hybrid_auth.passwords.repository import PasswordRows, RegistrationRows
from hybrid_auth.passwords.service import PASSWORD_AMR, Passwords


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What somebody who registers hands in."""

    email: str
    password: str | None = field(repr=False)
    """None: the account will have passkeys only."""
    display_name: str | None
    device: str
    """A few words for the mail: its reader may have to tell their own registration from somebody else's."""


class Registration:
    """From an application to a person."""

    def __init__(
        self,
        *,
        config: AccountConfig,
        clock: Clock,
        accounts: Accounts,
        passwords: Passwords,
        mail: MailOutbox,
        offer_enrolment: OfferEnrolment,
    ) -> None:
        self._config = config
        self._clock = clock
        self._accounts = accounts
        self._passwords = passwords
        self._mail = mail
        self._offer_enrolment = offer_enrolment

    async def apply(self, transaction: Transaction, application: Application) -> None:
        """`required` mode: keep it until the address is confirmed.

        The same policy check, hash and statements whether or not the address is taken; only the mail differs, and
        only the owner of the address reads that. Where it is taken, the row stored has a link nobody was sent.
        An account without a password always takes this way: its first passkey needs a confirmed address.
        """
        encoded = await self._hashed(application)
        owner = await self._accounts.find(transaction, canonical(application.email))
        taken = owner is not None and owner.email_verified and has_credential(owner)
        token = random_token()
        await self._keep(transaction, application, token=token, encoded=encoded, user_id=None)
        await self._write(transaction, application, None if taken else token)

    async def join(self, transaction: Transaction, application: Application) -> Proof:
        """`optional` mode: a person at once, their address to be confirmed later; Conflict where it is taken."""
        encoded = await self._hashed(application)
        user_id = await self._accounts.create(
            transaction, email=application.email, display_name=application.display_name, verified=False
        )
        if user_id is None:
            raise Conflict("There is an account with this email address already. Sign in instead.")
        if encoded is not None:
            await PasswordRows(transaction).put(user_id, encoded, now=self._clock.now())
        token = random_token()
        await self._keep(transaction, application, token=token, encoded=None, user_id=user_id)
        await self._write(transaction, application, token)
        return Proof(user_id=user_id, session_epoch=0, amr=PASSWORD_AMR, aal=1)

    async def confirm(self, transaction: Transaction, token: str) -> EnrolmentToken | None:
        """The press on a link: the address is the person's. InvalidOrExpiredToken for any link but the newest.

        A person without any credential gets a token to enrol one.
        """
        row = await RegistrationRows(transaction).take(token_digest(token), now=self._clock.now())
        if row is None:
            raise InvalidOrExpiredToken
        user_id = row.user_id
        if user_id is not None:
            await self._accounts.mark_verified(transaction, user_id, keep_password=True)
        else:
            user_id = await self._adopt(transaction, row.email, row.email_canonical, row.display_name)
            if row.password_hash is not None:
                await PasswordRows(transaction).put(user_id, row.password_hash, now=self._clock.now())
        principal = await self._accounts.principal(transaction, user_id)
        if principal is None:
            raise InvalidOrExpiredToken
        return None if has_credential(principal) else await self._offer_enrolment(principal)

    async def _adopt(
        self, transaction: Transaction, email: str, email_canonical: str, display_name: str | None
    ) -> UUID:
        """The person behind a confirmed address: a new one, one who used it unverified, or one without any credential.

        The last began to enrol a passkey and lost the way; registering again is how they come back.
        """
        user_id = await self._accounts.create(transaction, email=email, display_name=display_name, verified=True)
        if user_id is not None:
            return user_id
        known = await self._accounts.find(transaction, email_canonical)
        if known is None or (known.email_verified and has_credential(known)):
            raise InvalidOrExpiredToken
        if not known.email_verified:
            await self._accounts.mark_verified(transaction, known.id, keep_password=False)
        return known.id

    async def _hashed(self, application: Application) -> str | None:
        normalise(application.email)
        name = clean_display_name(application.display_name)
        if application.password is None:
            return None
        return await self._passwords.hash_new(application.password, email=application.email, display_name=name)

    async def _keep(
        self,
        transaction: Transaction,
        application: Application,
        *,
        token: str,
        encoded: str | None,
        user_id: UUID | None,
    ) -> None:
        now = self._clock.now()
        await RegistrationRows(transaction).add(
            registration_id=uuid4(),
            email=normalise(application.email),
            email_canonical=canonical(application.email),
            user_id=user_id,
            display_name=clean_display_name(application.display_name),
            password_hash=encoded,
            token_digest=token_digest(token),
            created_at=now,
            expires_at=now + self._config.verification_ttl,
        )

    async def _write(self, transaction: Transaction, application: Application, token: str | None) -> None:
        """The mail to the address: its link, or the notice that it has an account already."""
        recipient, name, url = normalise(application.email), self._config.app_name, self._config.public_url
        if token is None:
            message = already_registered(recipient=recipient, app_name=name, sign_in_url=f"{url}/")
            await self._mail.add(transaction, "already_registered", message)
        else:
            message = verify_email(
                recipient=recipient,
                app_name=name,
                link=f"{url}/verify-email#token={token}",
                device=application.device,
                moment=self._clock.now(),
            )
            await self._mail.add(transaction, "verify_email", message)
