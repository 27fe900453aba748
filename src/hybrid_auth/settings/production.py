"""What is refused everywhere (`check_settings`), what `serve` refuses besides, and what it warns of."""

import ipaddress
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import get_type_hints

import msgspec

from hybrid_auth.core.errors import Finding
from hybrid_auth.settings.model import Settings, variable
from hybrid_auth.settings.urls import bare_origin, host_name, is_local_name, origin_of, split_url

_HINTS = get_type_hints(Settings, include_extras=True)
_REDIS_SCHEMES = ("redis", "rediss", "redis+sentinel", "redis+cluster", "unix")
_ARGON2_FLOOR_KIB = {1: 47_104, 2: 19_456}
_ARGON2_FLOOR_KIB_FROM_3 = 12_288
_PLACEHOLDER = re.compile(r"change.?me|example|placeholder|replace|do.?not.?use|insecure|secret.?key", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def check_settings(settings: Settings) -> list[Finding]:
    """Everything that cannot work or is never allowed, in `dev` neither."""
    return [*_numbers(settings), *_argon2(settings), *_texts(settings), *_stores(settings), *_public_url(settings)]


NOT_YET = {
    "rate_limits": "Rate limits are not built yet: limit sign-in attempts and registrations at a proxy in front.",
    "smtp_url": "Mail is not sent yet: it waits in the database.",
}
"""Promises that `serve` names as not kept, until their capability is built and removes its line."""


def check_production(settings: Settings, *, insecure: bool = False) -> list[Finding]:
    """Everything for which `serve` refuses to start; `insecure` (its ``--insecure``) lets rate limits be off."""
    findings = [*check_settings(settings), *_secrets(settings), *_networks(settings), *_relying_party(settings)]
    for field in ("database_url", "redis_url"):
        if getattr(settings, field) is None:
            findings.append(
                _finding(field, "is not set.", "Give the address of your own server; only `dev` embeds one.")
            )
    if not settings.secure_cookies and not is_local_name(settings.public_host):
        findings.append(
            _finding("public_url", "is plain HTTP on a public name.", "Put TLS in front and write https://…")
        )
    if settings.rate_limits == "off" and not insecure:
        findings.append(_finding("rate_limits", "is off.", "Remove it, or pass --insecure on a test system."))
    return findings


def production_warnings(settings: Settings) -> list[Finding]:
    """What `serve` starts with and says so: safe enough on some systems, a mistake on others."""
    findings = [_finding(field, "has no effect yet.", mend) for field, mend in NOT_YET.items()]
    smtp = split_url(settings.smtp_url or "")
    if settings.smtp_url is None:
        findings.append(_finding("smtp_url", "is not set: no mail is sent.", "Give the address of a mail server."))
    elif smtp and smtp.scheme == "smtp" and not _is_loopback(smtp.hostname or ""):
        findings.append(_finding("smtp_url", "does not begin with TLS.", "Write smtps://… unless the way is private."))
    if is_local_name(settings.public_host):
        findings.append(_finding("public_url", "is this machine only.", "Write the address that people use."))
    if settings.password_min_length < 15 and settings.require_second_factor != "all":
        mend = "Write 15 or more, or require a second factor of all (NIST SP 800-63B-4 §3.1.1.2)."
        findings.append(_finding("password_min_length", "is short for a password that stands alone.", mend))
    if settings.access_token_ttl < 30 or settings.refresh_grace < 5 or settings.session_idle_ttl < 300:
        mend = "Keep such low access token, grace or idle times to tests: people will be signed out."
        findings.append(_finding("access_token_ttl", "or another session time is very short.", mend))
    return findings


def _finding(field: str, problem: str, mend: str) -> Finding:
    return Finding(setting=variable(field), problem=problem, mend=mend)


def _numbers(settings: Settings) -> Iterator[Finding]:
    for field, hint in _HINTS.items():
        metadata = getattr(hint, "__metadata__", None)
        if metadata:
            try:
                msgspec.convert(getattr(settings, field), hint)
            except msgspec.ValidationError:
                yield _finding(
                    field, "is out of bounds.", f"Write a whole number from {metadata[0].ge} to {metadata[0].le}."
                )


def _argon2(settings: Settings) -> Iterator[Finding]:
    profile = settings.argon2
    floor = _ARGON2_FLOOR_KIB.get(profile.time_cost, _ARGON2_FLOOR_KIB_FROM_3)
    if not (
        1 <= profile.time_cost <= 64 and floor <= profile.memory_kib <= 1_048_576 and 1 <= profile.parallelism <= 16
    ):
        mend = "Write owasp, or passes,KiB,lanes with at least 1,47104 or 2,19456 or 3,12288; at most 64,1048576,16."
        yield _finding("argon2", "is below the floor or out of bounds.", mend)


def _texts(settings: Settings) -> Iterator[Finding]:
    if not settings.app_name.strip() or len(settings.app_name) > 64 or _CONTROL.search(settings.app_name):
        yield _finding("app_name", "is not a name.", "Write 1 to 64 printable characters.")
    # A line break here would let whoever sets it write further mail headers.
    if "@" not in settings.mail_from or _CONTROL.search(settings.mail_from):
        yield _finding("mail_from", "is not an address.", "Write name@example.com or Name <name@example.com>.")


def _stores(settings: Settings) -> Iterator[Finding]:
    schemes = (
        ("database_url", ("postgresql+asyncpg",), "Write postgresql+asyncpg://user:password@host:5432/database."),
        ("redis_url", _REDIS_SCHEMES, "Write redis://, rediss://, redis+sentinel:// or redis+cluster://host:port/0."),
        ("smtp_url", ("smtp", "smtps"), "Write smtps://user:password@host:465 or smtp://host:port."),
    )
    for field, allowed, mend in schemes:
        value = getattr(settings, field)
        # SQLAlchemy and redis-py read more forms than urllib does, so only the scheme is judged here.
        if value is not None and value.partition("://")[0] not in allowed:
            yield _finding(field, "has another scheme than this service speaks.", mend)


def _public_url(settings: Settings) -> Iterator[Finding]:
    mend = "Write only scheme, host and port: https://id.example.com."
    if origin_of(settings.public_url) is None or not settings.public_url.isascii():
        yield _finding("public_url", "is not an http or https address in ASCII.", mend)
    elif bare_origin(settings.public_url) is None:
        yield _finding("public_url", "has a path, query, fragment or user name.", mend)
    for entry in sorted(settings.allowed_origins - {settings.public_origin}):
        if bare_origin(entry) != entry or "*" in entry:
            mend = "List each origin as scheme://host[:port]; wildcards and null are never accepted."
            yield _finding("allowed_origins", f"has an entry that is no origin: {entry.rpartition('@')[2]!r}.", mend)
    for entry in sorted(settings.allowed_hosts - {settings.public_host}):
        if "*" in entry or not (host_name(entry) or _is_address(entry)):
            yield _finding(
                "allowed_hosts", f"has an entry that is no host: {entry!r}.", "List each name; no wildcards."
            )


def _secrets(settings: Settings) -> Iterator[Finding]:
    mend = "Run `hybrid-auth init`, or put 32 random bytes as base64url there."
    if not settings.secret_keys:
        yield _finding("secret_keys", "is not set.", mend)
    for position, key in enumerate(settings.secret_keys, start=1):
        if weakness := _weakness(key):
            yield _finding("secret_keys", f"is not safe: key {position} {weakness}.", mend)
    if len(set(settings.secret_keys)) < len(settings.secret_keys):
        yield _finding("secret_keys", "holds the same key twice.", "Remove one of the two.")


def _weakness(key: str) -> str | None:
    """Why a key cannot be 32 random bytes, or None. A random one fails this with a chance below one in a million."""
    least = 64 if re.fullmatch(r"[0-9a-fA-F]+", key) else 43
    steps = [ord(right) - ord(left) for left, right in pairwise(key)]
    if _PLACEHOLDER.search(key):
        return "is an example"
    if len(key) < least:
        return f"is shorter than 32 bytes ({least} characters in its alphabet)"
    if len(set(key)) < 10 or any(key.startswith(key[period:]) for period in range(1, len(key) // 2 + 1)):
        return "repeats itself"
    if sum(abs(step) <= 1 for step in steps) > len(steps) // 2:
        return "is a plain sequence"
    return None


def _networks(settings: Settings) -> Iterator[Finding]:
    for network in settings.metrics_allow:
        if not network.is_private and network.num_addresses > 1:
            mend = "List your own private networks or single addresses."
            yield _finding("metrics_allow", f"opens the metrics to a public network: {network}.", mend)
    for network in settings.trusted_proxies:
        # Whoever is trusted here may claim any client address, and with it any rate-limit budget.
        if network.prefixlen < (8 if network.version == 4 else 16):
            mend = "List the addresses of your own proxies."
            yield _finding("trusted_proxies", f"trusts almost everybody: {network}.", mend)


def _relying_party(settings: Settings) -> Iterator[Finding]:
    host, rp_id = settings.public_host, settings.rp_id
    if _is_address(rp_id):
        yield _finding("rp_id", "is an address; passkeys need a name.", "Let HYBRID_AUTH_PUBLIC_URL name a host.")
    elif host != rp_id and not (host.endswith(f".{rp_id}") and "." in rp_id.strip(".")):
        mend = f"Write {host or 'the public host'} or a domain it lies under."
        yield _finding("rp_id", "is not the public host nor a domain it lies under.", mend)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return is_local_name(host) or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
