"""The settings object. A field `x` is the variable ``HYBRID_AUTH_X``; docs/configuration.md is made of this."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from hybrid_auth.core.config import Argon2Profile
from hybrid_auth.settings.urls import bare_origin, host_name, origin_of, split_url

PREFIX = "HYBRID_AUTH_"
SECRET_FIELDS = frozenset({"secret_keys", "database_url", "redis_url", "smtp_url"})
"""Never shown in a message or a repr; each may also come from a file named by ``…_FILE``."""

ARGON2_PROFILES = {
    "owasp": Argon2Profile(time_cost=1, memory_kib=47104, parallelism=1),
    "rfc9106": Argon2Profile(time_cost=3, memory_kib=65536, parallelism=4),
}

Network = IPv4Network | IPv6Network
UpToAnHour = Annotated[int, Meta(ge=1, le=3_600)]
UpToADay = Annotated[int, Meta(ge=1, le=86_400)]
UpToAYear = Annotated[int, Meta(ge=1, le=31_536_000)]


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting, validated by `load_settings`. Times are whole seconds.

    Fields that depend on the public URL are filled in when the object is made. So make a variant with
    ``load_settings(…, overrides=…)``: a `msgspec.structs.replace` of the public URL would leave the old origin allowed.
    """

    database_url: str | None = None
    """PostgreSQL, as `postgresql+asyncpg://user:password@host:5432/database`. `dev` embeds one when this is not set."""
    redis_url: str | None = None
    """Redis or Valkey: `redis://`, `rediss://`, `redis+sentinel://` or `redis+cluster://`. `dev` embeds one when this
    is not set."""
    secret_keys: tuple[str, ...] = ()
    """Keys that seal what is stored, newest first; 32 random bytes as base64url each. To rotate, put a new one in
    front and keep the old."""

    app_name: str = "Hybrid Auth"
    """Name shown in pages, mail and authenticator apps; refused inside passwords."""
    public_url: str = "http://localhost:8001"
    """Address people use, without a path. Links in mail are built from it, never from a request."""
    issuer: str = ""
    """`iss` of the access tokens. Default: the public origin."""
    audience: str = ""
    """`aud` of the access tokens. Default: the issuer."""
    allowed_origins: frozenset[str] = frozenset()
    """Further origins, `scheme://host[:port]`, that may act on the cookies; the public origin always may."""
    allowed_hosts: frozenset[str] = frozenset()
    """Further names accepted in the Host header, without regard to case and port; the public host always is."""
    rp_id: str = ""
    """WebAuthn relying party: the public host or a domain it lies under. Default: the public host. Changing it voids
    every passkey."""

    passkey_providers: str | None = None
    """Path of a JSON file with more names of passkey providers, by AAGUID: `{"<aaguid>": {"name": "…"}}`."""

    smtp_url: str | None = None
    """Mail server: `smtps://user:password@host:465` or `smtp://host:port`."""
    mail_from: str = ""
    """Sender of every mail. Default: `no-reply@` the public host."""

    trusted_proxies: tuple[Network, ...] = ()
    """Networks of the reverse proxies whose forwarding headers are believed. Default: none."""
    metrics_allow: tuple[Network, ...] = ()
    """Networks that may read `/metrics` besides a direct loopback peer."""
    openapi: Literal["on", "off"] | None = None
    """API documentation at `/schema`. Default: on in `dev`, off in `serve`."""

    email_verification: Literal["required", "optional"] = "required"
    """Whether an address must be verified before its first sign-in."""
    require_second_factor: Literal["off", "admins", "all"] = "off"
    """Who must use a second factor or a passkey."""
    rate_limits: Literal["on", "off"] = "on"
    """`off` removes the budgets per address, per recipient and overall, never back-off, attempt caps or single use."""

    access_token_ttl: UpToAnHour = 300
    """Life of an access token."""
    session_idle_ttl: UpToAYear = 604_800
    """A session that is not refreshed for this long is over."""
    session_absolute_ttl: UpToAYear = 2_592_000
    """A session is over this long after its sign-in, whatever happens; where it is shorter than the idle time, it
    wins."""
    refresh_grace: Annotated[int, Meta(ge=1, le=60)] = 20
    """For this long a replaced refresh token still gets the same successor; after that its use ends the session."""
    recent_ttl: UpToAnHour = 300
    """For this long after a proof, sensitive changes need no new one."""
    mfa_token_ttl: UpToAnHour = 300
    """Time to give the second factor after the first."""
    enrolment_token_ttl: UpToAnHour = 900
    """Life of a token that lets an account without a credential register a passkey."""
    trusted_browser_ttl: UpToAYear = 2_592_000
    """For this long a trusted browser is not asked for the second factor."""
    email_verification_ttl: Annotated[int, Meta(ge=1, le=604_800)] = 86_400
    """Life of a verification link."""
    password_reset_ttl: UpToADay = 600
    """Life of a reset link (ASVS 5.0 §6.5.5: at most 10 minutes)."""
    passkey_challenge_ttl: UpToAnHour = 300
    """Life of a WebAuthn challenge."""
    email_code_attempts: Annotated[int, Meta(ge=1, le=10)] = 5
    """Tries for a typed mail code."""

    password_min_length: Annotated[int, Meta(ge=8, le=64)] = 15
    """Fewest code points of a new password. Below 15 only together with a required second factor (NIST SP 800-63B-4
    §3.1.1.2)."""
    password_max_length: Annotated[int, Meta(ge=64, le=1024)] = 256
    """Most code points of a new password."""
    password_min_score: Annotated[int, Meta(ge=0, le=4)] = 3
    """Lowest zxcvbn score of a new password."""
    argon2: Argon2Profile = ARGON2_PROFILES["owasp"]
    """Cost of a password hash: `owasp` (46 MiB, 1 pass, 1 lane), `rfc9106` (64 MiB, 3 passes, 4 lanes), or
    passes,KiB,lanes. Refused below 1 pass: 47104 KiB, 2: 19456, 3 and more: 12288."""
    hashing_workers: Annotated[int, Meta(ge=1, le=64)] = 2
    """Password hashes computed at the same time, per worker process."""
    hashing_queue: Annotated[int, Meta(ge=0, le=10_000)] = 64
    """Password hashes that may wait, per worker process; beyond that 503."""

    recovery_code_count: Annotated[int, Meta(ge=1, le=50)] = 10
    """Recovery codes in a set."""
    backoff_after: Annotated[int, Meta(ge=1, le=100)] = 5
    """Failure in a row from which on an account's method backs off."""
    backoff_first: UpToAnHour = 30
    """First back-off; each further one is twice as long."""
    backoff_max: UpToADay = 3_600
    """Longest back-off."""
    failure_limit: Annotated[int, Meta(ge=1, le=100)] = 100
    """Failures in a row that close the method until it is reset (NIST SP 800-63B-4 §3.2.2: at most 100)."""
    sign_in_rate: Annotated[int, Meta(ge=1, le=100_000)] = 30
    """Sign-in attempts a minute per network address (IPv6: per /64)."""
    registration_rate: Annotated[int, Meta(ge=1, le=100_000)] = 10
    """Registrations an hour per network address (IPv6: per /64)."""
    global_sign_in_rate: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    """Sign-in attempts a minute for the whole service; 0 is no limit."""
    mail_rate: Annotated[int, Meta(ge=1, le=1_000)] = 3
    """Mails an hour per recipient and kind."""
    max_body_bytes: Annotated[int, Meta(ge=1_024, le=1_048_576)] = 65_536
    """Largest request body, in bytes."""

    log_format: Literal["console", "json"] = "console"
    """Lines for people, or one JSON object per event."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe events that are logged."""

    def __post_init__(self) -> None:
        force_setattr(self, "issuer", self.issuer or self.public_origin)
        force_setattr(self, "audience", self.audience or self.issuer)
        force_setattr(self, "rp_id", self.rp_id.lower() or self.public_host)
        force_setattr(self, "mail_from", self.mail_from or f"no-reply@{self.public_host}")
        origins = {bare_origin(entry) or entry for entry in self.allowed_origins}
        force_setattr(self, "allowed_origins", frozenset(origins | {self.public_origin}))
        hosts = {host_name(entry) or entry for entry in self.allowed_hosts}
        force_setattr(self, "allowed_hosts", frozenset(hosts | {self.public_host}))

    @property
    def public_origin(self) -> str:
        """Scheme and authority of the public URL, lower-case, without a default port; "" if the URL has none."""
        return origin_of(self.public_url) or ""

    @property
    def public_host(self) -> str:
        """Host name of the public URL, lower-case, without port; "" if the URL has none."""
        parts = split_url(self.public_url)
        return (parts.hostname if parts else None) or ""

    @property
    def secure_cookies(self) -> bool:
        """Whether the public URL is HTTPS: cookies are `Secure` and carry the `__Host-` prefix."""
        return self.public_origin.startswith("https://")

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:  # type: ignore[override]
        for name in self.__struct_fields__:
            value = getattr(self, name)
            yield name, "[set]" if value and name in SECRET_FIELDS else value

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


def variable(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper()
