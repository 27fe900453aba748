"""The only place where services are built, and every dependency that handlers name."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from litestar import Request
from litestar.di import Provide

from hybrid_auth.accounts.service import Accounts, PrincipalLoader
from hybrid_auth.core.config import AuthConfig, WebConfig
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.http import CALLER
from hybrid_auth.core.secretbox import SecretBox
from hybrid_auth.mail.console import ConsoleSender
from hybrid_auth.mail.outbox import MailOutbox
from hybrid_auth.passkeys.challenges import Challenges
from hybrid_auth.passkeys.providers import Providers
from hybrid_auth.passkeys.service import Passkeys
from hybrid_auth.passwords.hashing import PasswordHasher
from hybrid_auth.passwords.registration import Registration
from hybrid_auth.passwords.service import Passwords
from hybrid_auth.ratelimit.failures import Failures
from hybrid_auth.recovery_codes.service import RecoveryCodes
from hybrid_auth.sessions.access_tokens import AccessTokens
from hybrid_auth.sessions.outbox import Outbox
from hybrid_auth.sessions.redis_sessions import RedisSessions
from hybrid_auth.sessions.refresh_tokens import RefreshTokens
from hybrid_auth.sessions.service import Authenticated, SessionService
from hybrid_auth.sessions.signing_keys import SigningKeys
from hybrid_auth.sessions.upkeep import Upkeep
from hybrid_auth.signin.enrolment import Enrolments
from hybrid_auth.signin.pending import PendingSignIns
from hybrid_auth.signin.service import SignIn
from hybrid_auth.signin.trusted_browsers import TrustedBrowsers
from hybrid_auth.totp.service import Totp


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What one worker runs on, built once."""

    config: AuthConfig
    web: WebConfig
    signing_keys: SigningKeys
    access_tokens: AccessTokens
    sessions: SessionService
    upkeep: Upkeep
    hasher: PasswordHasher
    accounts: Accounts
    passwords: Passwords
    passkeys: Passkeys
    totp: Totp
    recovery_codes: RecoveryCodes
    enrolments: Enrolments
    trusted_browsers: TrustedBrowsers
    registration: Registration
    sign_in: SignIn
    mail_sender: ConsoleSender | None

    async def start(self) -> None:
        """Load the keys and begin what runs beside requests."""
        self.access_tokens.use_keys(await self.signing_keys.load())
        await self.upkeep.start()
        if self.mail_sender is not None:
            await self.mail_sender.start()

    async def stop(self) -> None:
        """End in the order that loses nothing."""
        if self.mail_sender is not None:
            await self.mail_sender.stop()
        await self.upkeep.stop()
        self.hasher.close()


def build(config: AuthConfig) -> Services:
    """Wire the services; a capability that is a way to sign in adds itself to `methods`."""
    clock, maker = config.clock, config.session_maker
    box = SecretBox(config.secret_keys)
    access_tokens = AccessTokens(
        issuer=config.sessions.issuer,
        audience=config.sessions.audience,
        ttl=config.sessions.access_token_ttl,
        clock=clock,
    )
    redis = RedisSessions(config.redis)
    outbox = Outbox(maker, redis)
    upkeep = Upkeep(maker, redis, outbox)
    load_principal = PrincipalLoader()
    sessions = SessionService(
        config=config.sessions,
        clock=clock,
        session_maker=maker,
        redis=redis,
        outbox=outbox,
        upkeep=upkeep,
        access_tokens=access_tokens,
        refresh_tokens=RefreshTokens(config.secret_keys),
        load_principal=load_principal,
    )
    accounts = Accounts(clock=clock, sessions=sessions, load_principal=load_principal)
    failures = Failures(config.redis, clock, config.back_off)
    enrolments = Enrolments(config.redis, ttl=config.accounts.enrolment_ttl, accounts=accounts, sessions=sessions)
    trusted = TrustedBrowsers(clock, sessions, ttl=config.second_factor.trusted_browser_ttl)
    hasher = PasswordHasher(config.argon2, workers=config.hashing_workers, queue=config.hashing_queue)
    passwords = Passwords(config=config.accounts, clock=clock, hasher=hasher, sessions=sessions)
    mail = MailOutbox(box, clock)
    passkeys = Passkeys(
        web=config.web,
        config=config.accounts,
        clock=clock,
        session_maker=maker,
        accounts=accounts,
        sessions=sessions,
        challenges=Challenges(config.redis, ttl=config.web.challenge_ttl),
        enrolments=enrolments,
        trusted=trusted,
        providers=Providers(config.passkey_providers),
        mail=mail,
    )
    recovery_codes = RecoveryCodes(
        config=config.accounts,
        count=config.second_factor.recovery_code_count,
        clock=clock,
        box=box,
        accounts=accounts,
        sessions=sessions,
        mail=mail,
    )
    totp = Totp(
        config=config.accounts,
        clock=clock,
        box=box,
        session_maker=maker,
        accounts=accounts,
        sessions=sessions,
        enrolments=enrolments,
        recovery_codes=recovery_codes,
        trusted=trusted,
        failures=failures,
        mail=mail,
    )
    load_principal.methods = (passwords, passkeys, totp, recovery_codes)
    return Services(
        config=config,
        web=config.web,
        signing_keys=SigningKeys(maker, box, clock),
        access_tokens=access_tokens,
        sessions=sessions,
        upkeep=upkeep,
        hasher=hasher,
        accounts=accounts,
        passwords=passwords,
        passkeys=passkeys,
        totp=totp,
        recovery_codes=recovery_codes,
        enrolments=enrolments,
        trusted_browsers=trusted,
        registration=Registration(
            config=config.accounts,
            clock=clock,
            accounts=accounts,
            passwords=passwords,
            mail=mail,
            offer_enrolment=enrolments.offer,
        ),
        sign_in=SignIn(
            sessions=sessions,
            accounts=accounts,
            pending=PendingSignIns(config.redis, clock, ttl=config.second_factor.mfa_token_ttl),
            enrolments=enrolments,
            trusted=trusted,
            failures=failures,
            methods={passwords.kind: passwords, passkeys.kind: passkeys},
            factors={totp.kind: totp, recovery_codes.kind: recovery_codes},
        ),
        mail_sender=ConsoleSender(maker, mail, config.show_mail) if config.show_mail else None,
    )


def provide(services: Services) -> dict[str, Provide]:
    """The dependencies of every handler, by name. `transaction` is the one generator among them."""

    async def provide_transaction() -> AsyncGenerator[Transaction, None]:
        async with Transaction(services.config.session_maker) as transaction:
            yield transaction

    def provide_caller(request: Request) -> Authenticated | None:  # type: ignore[type-arg]
        caller: Authenticated | None = request.scope["state"].get(CALLER)
        return caller

    def constant(value: object) -> Provide:
        return Provide(lambda: value, sync_to_thread=False)

    return {
        "transaction": Provide(provide_transaction),
        "caller": Provide(provide_caller, sync_to_thread=False),
        "sessions": constant(services.sessions),
        "accounts": constant(services.accounts),
        "passwords": constant(services.passwords),
        "passkeys": constant(services.passkeys),
        "totp": constant(services.totp),
        "recovery_codes": constant(services.recovery_codes),
        "enrolments": constant(services.enrolments),
        "trusted_browsers": constant(services.trusted_browsers),
        "registration": constant(services.registration),
        "sign_in": constant(services.sign_in),
        "access_tokens": constant(services.access_tokens),
        "web": constant(services.web),
        "config": constant(services.config.accounts),
        "clock": constant(services.config.clock),
    }
