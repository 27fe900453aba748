"""The page and the `.env` that are made from the settings."""

from pathlib import Path

from hybrid_auth.settings import Settings, check_production, configuration_reference, generate_env, load_settings

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_checked_in_page_is_the_generated_one() -> None:
    """docs/configuration.md is what the settings say about themselves."""
    assert PAGE.read_text(encoding="utf-8") == configuration_reference()


def test_every_setting_is_described() -> None:
    """No field lacks a docstring, and each has one row."""
    rows = [line for line in configuration_reference().splitlines() if line.startswith("| `HYBRID_AUTH_")]
    assert len(rows) == len(Settings.__struct_fields__)
    assert all(row.rsplit(" | ", 1)[1].removesuffix(" |").strip() for row in rows)


def test_fresh_env_has_a_new_secret_and_is_ready_but_for_the_stores(tmp_path: Path) -> None:
    """What `init` writes loads, differs each time, and leaves only the stores to be given."""
    env_file = tmp_path / ".env"
    env_file.write_text(generate_env(), encoding="utf-8")
    settings = load_settings({}, env_file=env_file)
    assert generate_env() != generate_env()
    assert {finding.setting for finding in check_production(settings)} == {
        "HYBRID_AUTH_DATABASE_URL",
        "HYBRID_AUTH_REDIS_URL",
    }


def test_every_line_of_fresh_env_may_be_uncommented(tmp_path: Path) -> None:
    """The commented defaults are valid settings and mean the same as leaving them out."""
    env_file = tmp_path / ".env"
    env_file.write_text(generate_env().replace("# HYBRID_AUTH_", "HYBRID_AUTH_"), encoding="utf-8")
    settings = load_settings({}, env_file=env_file)
    assert settings == Settings(secret_keys=settings.secret_keys)
