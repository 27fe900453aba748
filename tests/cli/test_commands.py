"""The other commands: init, migrate, serve, openapi."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
from dotenv import dotenv_values

from tests.support.stores import Databases, ask

COMMAND = str(Path(sys.executable).with_name("hybrid-auth"))


def run(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HYBRID_AUTH_")}
    return subprocess.run(
        [COMMAND, *arguments], cwd=cwd, env={**clean, **(env or {})}, capture_output=True, text=True, timeout=60
    )


def test_init_writes_fresh_secrets_that_only_the_owner_reads(tmp_path: Path) -> None:
    """Twice gives two different secrets; an existing file is never replaced unasked."""
    assert run("init", cwd=tmp_path).returncode == 0
    first = (tmp_path / ".env").read_text()
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    again = run("init", cwd=tmp_path)
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert (tmp_path / ".env").read_text() == first
    assert run("init", "--force", cwd=tmp_path).returncode == 0
    second = dotenv_values(tmp_path / ".env")["HYBRID_AUTH_SECRET_KEYS"]
    assert second
    assert second not in first


def test_migrate_is_repeatable_and_safe_side_by_side(tmp_path: Path, databases: Databases) -> None:
    """Several nodes starting at once migrate once."""
    url = databases.create(migrated=False)
    env = {"HYBRID_AUTH_DATABASE_URL": url}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HYBRID_AUTH_")}
    both = [
        subprocess.Popen([COMMAND, "migrate"], cwd=tmp_path, env=clean | env, stdout=subprocess.PIPE) for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert run("migrate", cwd=tmp_path, env=env).returncode == 0
    assert len(ask(url, "SELECT version_num FROM hybrid_auth_version")) == 1
    databases.drop(url)


def test_migrate_without_a_database_says_so(tmp_path: Path, free_port: Callable[[], int]) -> None:
    """Not set, or not to be reached: one sentence, exit code 1."""
    unset = run("migrate", cwd=tmp_path)
    assert unset.returncode == 1
    assert "HYBRID_AUTH_DATABASE_URL" in unset.stderr
    away = run(
        "migrate", cwd=tmp_path, env={"HYBRID_AUTH_DATABASE_URL": f"postgresql+asyncpg://a@127.0.0.1:{free_port()}/a"}
    )
    assert away.returncode == 1
    assert "cannot be reached" in away.stderr
    assert "Traceback" not in away.stderr


def test_serve_refuses_unsafe_settings_and_says_how_to_mend_each(tmp_path: Path) -> None:
    """All findings at once, a line each, and no start."""
    done = run(
        "serve",
        cwd=tmp_path,
        env={
            "HYBRID_AUTH_PUBLIC_URL": "http://id.example.com",
            "HYBRID_AUTH_SECRET_KEYS": "change-me",
            "HYBRID_AUTH_RATE_LIMITS": "off",
        },
    )
    assert done.returncode == 1
    for name in ("PUBLIC_URL", "SECRET_KEYS", "RATE_LIMITS", "DATABASE_URL", "REDIS_URL"):
        assert f"HYBRID_AUTH_{name}:" in done.stderr
    assert "change-me" not in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_runs_on_the_configured_stores(
    tmp_path: Path, database_url: str, redis_url: str, free_port: Callable[[], int]
) -> None:
    """`init`, `migrate`, `serve`: two workers answer, the API documentation is off, SIGTERM ends them."""
    assert run("init", cwd=tmp_path).returncode == 0
    port = free_port()
    env = {
        "HYBRID_AUTH_DATABASE_URL": database_url,
        "HYBRID_AUTH_REDIS_URL": redis_url,
        "HYBRID_AUTH_PUBLIC_URL": f"http://localhost:{port}",
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HYBRID_AUTH_")}
    assert run("migrate", cwd=tmp_path, env=env).returncode == 0
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            [COMMAND, "serve", "--port", str(port), "--workers", "2"],
            cwd=tmp_path,
            env=clean | env,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            deadline = time.monotonic() + 30
            while True:
                try:
                    health = httpx.get(f"http://localhost:{port}/auth/health", timeout=10)
                    break
                except httpx.TransportError:
                    assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                    time.sleep(0.05)
            assert health.json()["status"] == "ok"
            assert httpx.get(f"http://localhost:{port}/schema").status_code == httpx.codes.NOT_FOUND
            assert httpx.get(f"http://localhost:{port}/schema/openapi.json").status_code == httpx.codes.NOT_FOUND
        finally:
            process.terminate()
            assert process.wait(10) == 0


def test_openapi_writes_the_document(tmp_path: Path) -> None:
    """To a file, and to standard output, the same."""
    assert run("openapi", "--output", "api.json", cwd=tmp_path).returncode == 0
    assert run("openapi", cwd=tmp_path).stdout == (tmp_path / "api.json").read_text()


def test_help_names_every_command(tmp_path: Path) -> None:
    """A newcomer finds their way."""
    text = run("--help", cwd=tmp_path).stdout
    for name in ("dev", "serve", "init", "migrate", "openapi"):
        assert f"  {name} " in text
