"""What the services are told, as frozen objects. Nothing here reads the environment."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from hybrid_auth.core.clock import Clock, SystemClock
from hybrid_auth.core.database import SessionMaker
from hybrid_auth.core.principal import SecondFactorPolicy
from hybrid_auth.core.redis import RedisNode


@dataclass(frozen=True, slots=True)
class Argon2Profile:
    """Cost of one password hash (RFC 9106)."""

    time_cost: int
    """Passes over the memory."""
    memory_kib: int
    """Memory of one hash, in KiB."""
    parallelism: int
    """Lanes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionConfig:
    """How long things of a session last, and who it says it was issued by."""

    issuer: str
    """`iss` of the access tokens."""
    audience: str
    """`aud` of the access tokens."""
    access_token_ttl: timedelta = timedelta(minutes=5)
    """From issue to `exp`."""
    idle_ttl: timedelta = timedelta(days=7)
    """A session not refreshed for this long is over."""
    absolute_ttl: timedelta = timedelta(days=30)
    """A session is over this long after its sign-in, whatever happens."""
    refresh_grace: timedelta = timedelta(seconds=20)
    """For this long after a rotation the previous refresh token still gets the same successor."""
    require_second_factor: SecondFactorPolicy = "off"
    """Whose sessions need two factors."""
    recent_ttl: timedelta = timedelta(minutes=5)
    """For this long after a proof the session counts as recently authenticated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """What the HTTP edge must know of the outside."""

    public_url: str
    """Scheme and authority people use, e.g. ``https://id.example.com``; never taken from a request."""
    allowed_origins: frozenset[str]
    """Origins that may act on our cookies, the public one included."""
    rp_id: str = "localhost"
    """WebAuthn relying party id: the public host, or a domain it lies under."""
    challenge_ttl: timedelta = timedelta(minutes=5)
    """Life of a WebAuthn challenge."""
    secure_cookies: bool
    """Over HTTPS: `Secure` and the `__Host-` prefix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountConfig:
    """Rules for people and passwords."""

    app_name: str = "Hybrid Auth"
    """Shown in mail; refused inside passwords."""
    email_verification: Literal["required", "optional"] = "required"
    """`optional` lets an unverified address sign in."""
    verification_ttl: timedelta = timedelta(hours=24)
    """Life of a verification link."""
    public_url: str = "http://localhost:8001"
    """Links in mail begin with it; never taken from a request."""
    password_words: tuple[str, ...] = ()
    """The service's own words beside its name, refused inside passwords."""
    enrolment_ttl: timedelta = timedelta(minutes=15)
    """Life of a token that lets an account without a credential register a passkey."""
    password_min_length: int = 15
    """Code points."""
    password_max_length: int = 256
    """Code points."""
    password_min_score: int = 3
    """zxcvbn's, 0 to 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """What failures in a row cost."""

    after: int = 5
    """Attempts that are evaluated before the first wait."""
    first: timedelta = timedelta(seconds=30)
    """First wait; each further one is twice as long."""
    longest: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorConfig:
    """Numbers of the second step."""

    mfa_token_ttl: timedelta = timedelta(minutes=5)
    """Time to give the second factor after the first."""
    trusted_browser_ttl: timedelta = timedelta(days=30)
    """For this long a trusted browser is not asked for it."""
    recovery_code_count: int = 10
    """Recovery codes in a set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthConfig:
    """Everything the service is built from: objects, never URLs, and nothing that reads the environment."""

    session_maker: SessionMaker
    """Makes SQLAlchemy sessions on PostgreSQL, with `expire_on_commit` off."""
    redis: RedisNode
    secret_keys: tuple[str, ...] = field(repr=False)
    """Keys for what is sealed and signed, newest first."""
    web: WebConfig
    sessions: SessionConfig
    accounts: AccountConfig = field(default_factory=AccountConfig)
    second_factor: SecondFactorConfig = field(default_factory=SecondFactorConfig)
    back_off: BackOff = field(default_factory=BackOff)
    argon2: Argon2Profile = Argon2Profile(time_cost=1, memory_kib=47104, parallelism=1)
    hashing_workers: int = 2
    """Hashes computed at the same time."""
    hashing_queue: int = 64
    """Hashes that may wait beside them."""
    clock: Clock = field(default_factory=SystemClock)
    passkey_providers: Path | None = None
    """A JSON file with more names of passkey providers by AAGUID."""
    show_mail: Callable[[str, str, str], None] | None = None
    """For development: takes recipient, subject and text of each mail instead of a mail server."""
