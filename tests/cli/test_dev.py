"""`hybrid-auth dev`: one command, and one clear sentence where it cannot be."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.live_server import live_server

COMMAND = str(Path(sys.executable).with_name("hybrid-auth"))
DEMO = {"email": "user@example.com", "password": "password123", "client": "native"}
STOP_SECONDS = 10


def descendants(pid: int) -> list[int]:
    """Process ids below one, by what /proc tells."""
    found = [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]
    return found + [further for child in found for further in descendants(child)]


def still_there(pids: list[int]) -> list[int]:
    """Those that did not end within a second."""
    deadline = time.monotonic() + 1
    while (living := [pid for pid in pids if Path(f"/proc/{pid}").exists()]) and time.monotonic() < deadline:
        time.sleep(0.01)
    return living


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("HYBRID_AUTH_")}


def refused(*arguments: str, cwd: Path) -> str:
    """What `dev` says before it gives up with exit code 1: one line."""
    done = subprocess.run(
        [COMMAND, "dev", *arguments], cwd=cwd, env=clean_environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


@contextmanager
def started(directory: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """`dev` in a process group of its own, as a terminal starts it."""
    with (
        (directory / "log").open("ab") as sink,
        subprocess.Popen(
            [COMMAND, "dev", "--port", str(port), "--data-dir", "data"],
            cwd=directory,
            env=clean_environment(),
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        ) as process,
    ):
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                assert process.poll() is None, (directory / "log").read_text()
                try:
                    if httpx.get(f"http://localhost:{port}/auth/health", timeout=5).status_code == httpx.codes.OK:
                        break
                except httpx.TransportError:
                    time.sleep(0.05)
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    """Nothing is started where somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port} is in use" in refused("--port", str(port), cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_data_directory_is_one_sentence(tmp_path: Path) -> None:
    """A data directory that is a file, is somebody's own, or holds a damaged cluster, is refused with a reason."""
    (tmp_path / "file").write_text("not a directory")
    assert "file" in refused("--port", "0", "--data-dir", "file", cwd=tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("precious")
    refused("--port", "0", "--data-dir", "mine", cwd=tmp_path)
    refused("--port", "0", "--data-dir", "mine", "--reset", cwd=tmp_path)
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "precious"


def test_what_it_does_end_to_end(tmp_path: Path, free_port: Callable[[], int]) -> None:
    """It signs the demo user in; a second copy is refused; SIGTERM and Ctrl-C end all in time and lose nothing."""
    port = free_port()
    url = f"http://localhost:{port}"
    with started(tmp_path, port) as process:
        login = httpx.post(f"{url}/auth/login", json=DEMO).json()
        bearer = {"authorization": f"Bearer {login['access_token']}"}
        rotated = httpx.post(f"{url}/auth/refresh", json={"refresh_token": login["refresh_token"]}).json()
        ended = httpx.post(f"{url}/auth/login", json=DEMO).json()
        gone = {"authorization": f"Bearer {ended['access_token']}"}
        assert httpx.post(f"{url}/auth/logout", headers=gone).status_code == httpx.codes.NO_CONTENT
        said = refused("--port", str(free_port()), "--data-dir", "data", cwd=tmp_path)
        assert "already running" in said
        children = descendants(process.pid)
        assert children
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0
    assert still_there(children) == []
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700

    with started(tmp_path, port) as process:
        assert httpx.get(f"{url}/auth/me", headers=bearer).status_code == httpx.codes.OK
        assert httpx.get(f"{url}/auth/me", headers=gone).json()["code"] == "session_revoked"
        again = httpx.post(f"{url}/auth/refresh", json={"refresh_token": rotated["refresh_token"]})
        assert again.status_code == httpx.codes.OK
        children = descendants(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(STOP_SECONDS) in (0, 130)
    assert still_there(children) == []
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_reset_wipes(tmp_path: Path, free_port: Callable[[], int]) -> None:
    """With --reset the data of before is gone: its tokens open nothing."""
    port = free_port()
    url = f"http://localhost:{port}"
    with started(tmp_path, port) as process:
        token = httpx.post(f"{url}/auth/login", json=DEMO).json()["access_token"]
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)
    with subprocess.Popen(
        [COMMAND, "dev", "--port", str(port), "--data-dir", "data", "--reset"],
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _until_listening(port)
            with httpx.Client(timeout=60) as client:
                health = client.get(f"{url}/auth/health")
                assert health.json()["status"] == "ok"
                denied = client.get(f"{url}/auth/me", headers={"authorization": f"Bearer {token}"})
                assert denied.json()["code"] == "invalid_token"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS)


def test_settings_are_honoured(tmp_path: Path, free_port: Callable[[], int]) -> None:
    """`dev` reads the same settings as `serve`, from the environment."""
    env = {
        "HYBRID_AUTH_ACCESS_TOKEN_TTL": "77",
        "HYBRID_AUTH_APP_NAME": "Acme",
        "HYBRID_AUTH_ALLOWED_HOSTS": "lan.test",
    }
    with live_server(tmp_path, port=free_port(), env=env) as server:
        assert httpx.post(f"{server.url}/auth/login", json=DEMO).json()["expires_in"] == 77
        assert httpx.get(f"{server.url}/schema/openapi.json").json()["info"]["title"] == "Acme"
        assert httpx.get(f"{server.url}/auth/health", headers={"host": "lan.test"}).status_code == httpx.codes.OK
        assert httpx.get(f"{server.url}/auth/health", headers={"host": "evil.test"}).status_code == 400
    assert "hybrid-auth dev" in server.printed()
    assert "Traceback" not in server.printed()


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("runuser") is None, reason="only root can become somebody else")
def test_an_ordinary_user_starts_it_below_a_private_home(tmp_path: Path, free_port: Callable[[], int]) -> None:
    """Under an account without any right, from a directory that only it may enter."""
    home = Path("/var/tmp") / f"hybrid-auth-{os.getpid()}"  # noqa: S108 - tmp_path is closed to other accounts
    home.mkdir(mode=0o700)
    shutil.chown(home, "nobody", "nogroup")
    port = free_port()
    if not _readable_by_nobody():
        home.rmdir()
        pytest.skip("this Python lies where other accounts cannot read it")
    try:
        with subprocess.Popen(
            ["runuser", "-u", "nobody", "--", COMMAND, "dev", "--port", str(port), "--data-dir", str(home / "data")],
            cwd=home,
            env=clean_environment() | {"HOME": str(home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                _until_listening(port)
                with httpx.Client(timeout=60) as client:
                    assert client.get(f"http://localhost:{port}/auth/health").json()["status"] == "ok"
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(STOP_SECONDS)
    finally:
        shutil.rmtree(home)


def _readable_by_nobody() -> bool:
    probe = subprocess.run(["runuser", "-u", "nobody", "--", COMMAND, "--version"], capture_output=True, cwd="/")
    return probe.returncode == 0


def _until_listening(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
