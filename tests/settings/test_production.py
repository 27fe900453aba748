"""What `serve` refuses, each with the sentence that mends it."""

from ipaddress import ip_network

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_auth.core.tokens import encode_base64url
from hybrid_auth.settings import Settings, check_production, production_warnings
from hybrid_auth.settings.model import variable
from hybrid_auth.settings.production import NOT_YET

KEY = "24_wKN7X253xiZEY7CsGFyLMC2im_yRYRTsn7eHlSNE"
SAFE = {
    "secret_keys": (KEY,),
    "database_url": "postgresql+asyncpg://u:p@db/auth",
    "redis_url": "redis://cache:6379/0",
    "public_url": "https://id.example.com",
    "smtp_url": "smtps://u:p@mail.example:465",
}


def refused(**changes: object) -> list[str]:
    """Names of the settings for which these are refused, without their prefix."""
    findings = check_production(Settings(**{**SAFE, **changes}))  # type: ignore[arg-type]
    assert all(finding.problem and finding.mend for finding in findings)
    return [finding.setting.removeprefix("HYBRID_AUTH_").lower() for finding in findings]


def test_safe_settings_start() -> None:
    """Sound settings have no findings, and no warnings but of what is not built yet."""
    settings = Settings(**SAFE)  # type: ignore[arg-type]
    assert check_production(settings) == []
    assert [finding.setting for finding in production_warnings(settings)] == [variable(field) for field in NOT_YET]


def test_a_short_password_beside_a_second_factor() -> None:
    """Where everybody gives a second factor, 8 characters are enough (NIST SP 800-63B-4 §3.1.1.2)."""
    short = {**SAFE, "password_min_length": 8}
    warned = [
        {finding.setting for finding in production_warnings(Settings(**short, require_second_factor=policy))}  # type: ignore[arg-type]
        for policy in ("off", "admins", "all")
    ]
    assert [variable("password_min_length") in settings for settings in warned] == [True, True, False]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "change-me",
        "brief",
        KEY[:42],
        "a" * 43,
        "0123456789abcdef" * 3,
        "5f" * 31,
        "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ",
        "this-is-an-EXAMPLE-key-3Hs8dKq02mZbVx71PwTnYc5R",
        "ChangeMe-24_wKN7X253xiZEY7CsGFyLMC2im_yRYRTsn7eHlSNE",
        KEY[:20] + KEY[:20] + KEY[:20],
    ],
)
def test_weak_secret_is_refused(key: str) -> None:
    """Examples, short ones, repetitions and sequences are no secrets; the message does not repeat them."""
    settings = Settings(**{**SAFE, "secret_keys": (KEY, key)})  # type: ignore[arg-type]
    (finding,) = check_production(settings)
    assert finding.setting == "HYBRID_AUTH_SECRET_KEYS"
    assert not key or key not in finding.problem + finding.mend


@given(st.randoms(use_true_random=True))
def test_random_secret_is_accepted_in_base64url_and_hex(random: object) -> None:
    """32 random bytes pass in the two forms people write them."""
    data = bytes(random.getrandbits(8) for _ in range(32))  # type: ignore[attr-defined]
    assert refused(secret_keys=(encode_base64url(data), data.hex())) == []


def test_missing_things_are_all_told() -> None:
    """Nothing set at all: secrets and both stores are named at once."""
    names = {finding.setting for finding in check_production(Settings())}
    assert names == {"HYBRID_AUTH_SECRET_KEYS", "HYBRID_AUTH_DATABASE_URL", "HYBRID_AUTH_REDIS_URL"}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"secret_keys": ()}, ["secret_keys"]),
        ({"secret_keys": (KEY, KEY)}, ["secret_keys"]),
        ({"public_url": "http://id.example.com"}, ["public_url"]),
        ({"public_url": "http://localhost:8001"}, []),
        ({"public_url": "https://id.example.com/auth"}, ["public_url"]),
        ({"public_url": "https://id.example.com/?x=1"}, ["public_url"]),
        ({"public_url": "https://u:p@id.example.com"}, ["public_url"]),
        ({"public_url": "ftp://id.example.com", "rp_id": "x"}, ["public_url", "rp_id", "public_url"]),
        ({"public_url": "https://192.0.2.1"}, ["rp_id"]),
        ({"rp_id": "example.com"}, []),
        ({"rp_id": "com"}, ["rp_id"]),
        ({"rp_id": "ample.com"}, ["rp_id"]),
        ({"rp_id": "login.id.example.com"}, ["rp_id"]),
        ({"rate_limits": "off"}, ["rate_limits"]),
        ({"password_min_length": 7}, ["password_min_length"]),
        ({"database_url": "postgresql+psycopg://u:p@db/auth"}, ["database_url"]),
        ({"database_url": "sqlite:///auth.db"}, ["database_url"]),
        ({"redis_url": "memcached://cache"}, ["redis_url"]),
        ({"allowed_origins": frozenset({"*"})}, ["allowed_origins"]),
        ({"allowed_origins": frozenset({"null"})}, ["allowed_origins"]),
        ({"allowed_origins": frozenset({"https://*.example.com"})}, ["allowed_origins"]),
        ({"allowed_origins": frozenset({"https://app.example.com/path"})}, ["allowed_origins"]),
        ({"allowed_origins": frozenset({"https://u@app.example.com"})}, ["allowed_origins"]),
        ({"allowed_origins": frozenset({"https://app.example.com/"})}, []),
        ({"allowed_hosts": frozenset({"*"})}, ["allowed_hosts"]),
        ({"metrics_allow": (ip_network("0.0.0.0/0"),)}, ["metrics_allow"]),
        ({"metrics_allow": (ip_network("8.8.8.0/24"),)}, ["metrics_allow"]),
        ({"metrics_allow": (ip_network("10.0.0.0/8"), ip_network("8.8.8.8/32"), ip_network("fd00::/8"))}, []),
        ({"trusted_proxies": (ip_network("0.0.0.0/0"),)}, ["trusted_proxies"]),
        ({"trusted_proxies": (ip_network("::/0"),)}, ["trusted_proxies"]),
        ({"trusted_proxies": (ip_network("10.0.0.0/8"),)}, []),
        ({"app_name": "a\r\nBcc: x"}, ["app_name"]),
        ({"mail_from": "a@b\r\nBcc: c@d"}, ["mail_from"]),
    ],
)
def test_unsafe_setting_is_refused(changes: dict[str, object], names: list[str]) -> None:
    """Each unsafe setting is named, and only it."""
    assert refused(**changes) == names


def test_insecure_lets_rate_limits_be_off_and_nothing_else() -> None:
    """``--insecure`` is for load tests, not for weak secrets."""
    settings = Settings(**{**SAFE, "rate_limits": "off", "secret_keys": ("short",)})  # type: ignore[arg-type]
    assert [finding.setting for finding in check_production(settings, insecure=True)] == ["HYBRID_AUTH_SECRET_KEYS"]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"smtp_url": None}, ["smtp_url"]),
        ({"smtp_url": "smtp://mail.example:25"}, ["smtp_url"]),
        ({"smtp_url": "smtp://localhost:25"}, []),
        ({"smtp_url": "smtp://127.0.0.1:25"}, []),
        ({"password_min_length": 8}, ["password_min_length"]),
        ({"access_token_ttl": 2}, ["access_token_ttl"]),
        ({"public_url": "http://localhost:8001"}, ["public_url"]),
    ],
)
def test_doubtful_setting_is_warned_of(changes: dict[str, object], names: list[str]) -> None:
    """What may be right is started with and said."""
    settings = Settings(**{**SAFE, **changes})  # type: ignore[arg-type]
    found = [finding.setting.removeprefix("HYBRID_AUTH_").lower() for finding in production_warnings(settings)]
    assert found[len(NOT_YET) :] == names
    assert check_production(settings) == []


def test_replaced_value_is_checked_again() -> None:
    """Bounds hold for objects made without the loader too."""
    settings = msgspec.structs.replace(Settings(**SAFE), refresh_grace=3600)  # type: ignore[arg-type]
    assert [finding.setting for finding in check_production(settings)] == ["HYBRID_AUTH_REFRESH_GRACE"]
