"""Environment, `.env` and secret files become one object, or one error with every finding."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_auth.core.config import Argon2Profile
from hybrid_auth.core.errors import ConfigurationError, Finding
from hybrid_auth.settings import Settings, load_settings

KEY = "24_wKN7X253xiZEY7CsGFyLMC2im_yRYRTsn7eHlSNE"


def load(environ: dict[str, str]) -> Settings | ConfigurationError:
    """The settings, or the error for which they are refused."""
    try:
        return load_settings(environ, env_file=None)
    except ConfigurationError as error:
        return error


def findings_of(environ: dict[str, str], env_file: Path | None = None) -> tuple[Finding, ...]:
    """The findings for which these settings are refused."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ, env_file=env_file)
    return caught.value.findings


def test_nothing_set_gives_the_defaults_of_the_contract() -> None:
    """Without any setting the numbers are those of the contract."""
    settings = load_settings({}, env_file=None)
    assert settings == Settings()
    assert (settings.access_token_ttl, settings.session_idle_ttl, settings.session_absolute_ttl) == (
        300,
        604800,
        2592000,
    )
    assert (settings.refresh_grace, settings.recent_ttl, settings.mfa_token_ttl, settings.enrolment_token_ttl) == (
        20,
        300,
        300,
        900,
    )
    assert (settings.password_min_length, settings.email_verification, settings.rate_limits) == (15, "required", "on")
    assert settings.argon2 == Argon2Profile(time_cost=1, memory_kib=47104, parallelism=1)


def test_process_environment_wins_over_env_file_and_defaults_come_last(tmp_path: Path) -> None:
    """Overrides, then the environment, then `.env`, then the caller's defaults."""
    env_file = tmp_path / ".env"
    env_file.write_text("HYBRID_AUTH_APP_NAME=file\nHYBRID_AUTH_RECENT_TTL=7\nHYBRID_AUTH_MAIL_RATE=7\nOTHER=x\n")
    settings = load_settings(
        {"HYBRID_AUTH_APP_NAME": "environment", "HYBRID_AUTH_MAIL_RATE": "8", "PATH": "/bin"},
        env_file=env_file,
        overrides={"HYBRID_AUTH_MAIL_RATE": "9"},
        defaults={"HYBRID_AUTH_RECENT_TTL": "1", "HYBRID_AUTH_PUBLIC_URL": "http://localhost:9000"},
    )
    assert (settings.app_name, settings.recent_ttl, settings.mail_rate) == ("environment", 7, 9)
    assert settings.public_origin == "http://localhost:9000"


def test_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mapping the process's own environment is read."""
    monkeypatch.setenv("HYBRID_AUTH_APP_NAME", "From the process")
    assert load_settings(env_file=None).app_name == "From the process"


def test_env_file_is_taken_literally(tmp_path: Path) -> None:
    """A dollar sign in a password is a dollar sign, whatever the environment holds."""
    env_file = tmp_path / ".env"
    env_file.write_text("HYBRID_AUTH_SMTP_URL=smtps://user:a${HOME}$b@mail.example:465\n")
    assert load_settings({}, env_file=env_file).smtp_url == "smtps://user:a${HOME}$b@mail.example:465"


def test_missing_env_file_is_empty_and_unreadable_one_is_a_finding(tmp_path: Path) -> None:
    """No `.env` is fine; one that is no text is told."""
    assert load_settings({}, env_file=tmp_path / "none") == Settings()
    broken = tmp_path / ".env"
    broken.write_bytes(b"HYBRID_AUTH_APP_NAME=\xff\xfe\n")
    assert [finding.setting for finding in findings_of({}, broken)] == [str(broken)]


def test_line_without_value_is_a_finding(tmp_path: Path) -> None:
    """A setting named in `.env` without an equals sign is not taken for empty."""
    env_file = tmp_path / ".env"
    env_file.write_text("HYBRID_AUTH_RATE_LIMITS\n")
    assert [finding.setting for finding in findings_of({}, env_file)] == ["HYBRID_AUTH_RATE_LIMITS"]


def test_empty_value_counts_as_not_set() -> None:
    """Container files pass empty values on for what nobody set."""
    assert load_settings({"HYBRID_AUTH_RECENT_TTL": "", "HYBRID_AUTH_RP_ID": "  "}, env_file=None) == Settings()


@pytest.mark.parametrize("field", ["secret_keys", "database_url", "redis_url", "smtp_url"])
def test_secret_is_read_from_a_file(field: str, tmp_path: Path) -> None:
    """Each secret may come from a file, whose last line break is not part of it."""
    value = {
        "secret_keys": f"{KEY},{KEY[::-1]}",
        "database_url": "postgresql+asyncpg://u:p@db/auth",
        "redis_url": "rediss://:p@cache:6379/0",
        "smtp_url": "smtps://u:p@mail:465",
    }[field]
    file = tmp_path / "secret"
    file.write_text(value + "\n")
    settings = load_settings({f"HYBRID_AUTH_{field.upper()}_FILE": str(file)}, env_file=None)
    assert getattr(settings, field) == (tuple(value.split(",")) if field == "secret_keys" else value)


def test_secret_and_its_file_at_once_are_refused(tmp_path: Path) -> None:
    """Which of the two counts must never be a guess."""
    file = tmp_path / "secret"
    file.write_text(KEY)
    environ = {"HYBRID_AUTH_SECRET_KEYS": KEY, "HYBRID_AUTH_SECRET_KEYS_FILE": str(file)}
    assert [finding.setting for finding in findings_of(environ)] == ["HYBRID_AUTH_SECRET_KEYS"]


def test_secret_file_in_the_environment_wins_over_the_plain_secret_in_env_file(tmp_path: Path) -> None:
    """Both forms in different places are no clash: the environment wins."""
    (tmp_path / ".env").write_text(f"HYBRID_AUTH_SECRET_KEYS={KEY}\n")
    (tmp_path / "secret").write_text(KEY[::-1])
    environ = {"HYBRID_AUTH_SECRET_KEYS_FILE": str(tmp_path / "secret")}
    assert load_settings(environ, env_file=tmp_path / ".env").secret_keys == (KEY[::-1],)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"x" * 70_000])
def test_unusable_secret_file_is_a_finding(content: bytes | None, tmp_path: Path) -> None:
    """A missing, empty, binary or huge secret file is told by its setting."""
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    findings = findings_of({"HYBRID_AUTH_SECRET_KEYS_FILE": str(file)})
    assert [finding.setting for finding in findings] == ["HYBRID_AUTH_SECRET_KEYS_FILE"]


def test_misspelt_name_is_refused_with_the_nearest_one() -> None:
    """A misspelt setting does not silently keep its default."""
    (finding,) = findings_of({"HYBRID_AUTH_PASWORD_MIN_LENGTH": "20"})
    assert finding.mend == "Did you mean HYBRID_AUTH_PASSWORD_MIN_LENGTH?"


def test_every_problem_is_told_at_once() -> None:
    """One run names all findings, not the first."""
    environ = {
        "HYBRID_AUTH_NONSENSE": "1",
        "HYBRID_AUTH_REFRESH_GRACE": "61",
        "HYBRID_AUTH_OPENAPI": "maybe",
        "HYBRID_AUTH_ARGON2": "1,47103,1",
        "HYBRID_AUTH_PUBLIC_URL": "https://u@id.example.com",
        "HYBRID_AUTH_METRICS_ALLOW": "10.0.0.1/8",
    }
    assert {finding.setting for finding in findings_of(environ)} == set(environ)


@pytest.mark.parametrize("value", ["0", "7", "-8", "x", "1e3", "15 points", "9" * 30, "8.5"])
def test_number_out_of_bounds_or_no_number_is_refused(value: str) -> None:
    """The password floor of 8 holds everywhere."""
    assert [finding.setting for finding in findings_of({"HYBRID_AUTH_PASSWORD_MIN_LENGTH": value})] == [
        "HYBRID_AUTH_PASSWORD_MIN_LENGTH"
    ]


def test_low_times_are_allowed_for_tests() -> None:
    """Times of a second or two are accepted, so that expiry can be watched."""
    names = ("ACCESS_TOKEN_TTL", "SESSION_IDLE_TTL", "SESSION_ABSOLUTE_TTL", "REFRESH_GRACE", "RECENT_TTL")
    settings = load_settings({f"HYBRID_AUTH_{name}": "1" for name in names}, env_file=None)
    assert settings.session_absolute_ttl == settings.refresh_grace == 1


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ("owasp", (1, 47104, 1)),
        ("RFC9106", (3, 65536, 4)),
        ("1,47104,1", (1, 47104, 1)),
        ("2, 19456, 1", (2, 19456, 1)),
        ("3,12288,16", (3, 12288, 16)),
    ],
)
def test_argon2_profile_by_name_or_numbers(text: str, profile: tuple[int, int, int]) -> None:
    """Names and passes,KiB,lanes are understood."""
    settings = load_settings({"HYBRID_AUTH_ARGON2": text}, env_file=None)
    assert settings.argon2 == Argon2Profile(*profile)


@pytest.mark.parametrize(
    "text", ["fast", "1,2", "1,47103,1", "2,19455,1", "3,12287,1", "0,99999,1", "3,12288,17", "3,12288,0", "65,12288,1"]
)
def test_argon2_below_the_floor_is_refused(text: str) -> None:
    """OWASP's floors of memory per number of passes hold in `dev` too."""
    assert [finding.setting for finding in findings_of({"HYBRID_AUTH_ARGON2": text})] == ["HYBRID_AUTH_ARGON2"]


@pytest.mark.parametrize("url", ["postgres://h/d", "postgresql://h/d", "postgresql+psycopg://h/d", "sqlite:///x.db"])
def test_other_databases_are_refused(url: str) -> None:
    """Only PostgreSQL through asyncpg is spoken, and the message says so."""
    (finding,) = findings_of({"HYBRID_AUTH_DATABASE_URL": url})
    assert "postgresql+asyncpg://" in finding.mend


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=3))
def test_no_message_repeats_a_secret(secret: str) -> None:
    """Whatever stands in a secret, neither findings nor repr show it."""
    marked = f"hunter2-{secret}-hunter2"
    names = ("SECRET_KEYS", "DATABASE_URL", "REDIS_URL", "SMTP_URL")
    outcome = load({f"HYBRID_AUTH_{name}": marked for name in names})
    assert "hunter2" not in (repr(outcome) if isinstance(outcome, Settings) else str(outcome))


@given(st.dictionaries(st.sampled_from(Settings.__struct_fields__), st.text(max_size=40)))
def test_any_text_gives_settings_or_findings(values: dict[str, str]) -> None:
    """No text in any setting ends in another error than ConfigurationError."""
    outcome = load({f"HYBRID_AUTH_{field.upper()}": text for field, text in values.items()})
    if isinstance(outcome, ConfigurationError):
        assert outcome.findings
        assert all(finding.problem and finding.mend for finding in outcome.findings)
