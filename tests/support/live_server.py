"""`hybrid-auth dev` as a person starts it: a process of its own, on its own data."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

START_SECONDS = 60
STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A running server, and the file that holds all it printed."""

    url: str
    output: Path

    def printed(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def link_token(self, path: str, *, after: int = 0) -> str:
        """The token of the newest link to `path` among what was printed from the character `after` on.

        A mail leaves within a second of its commit; so this waits for a link that is not there yet.
        """
        pattern = re.compile(re.escape(path) + r"#token=(\S+)")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if found := pattern.findall(self.printed()[after:]):
                return str(found[-1])
            time.sleep(0.05)
        message = f"no link to {path} was printed:\n{self.printed()[after:]}"
        raise AssertionError(message)


@contextmanager
def live_server(directory: Path, *, port: int, env: Mapping[str, str] | None = None) -> Iterator[LiveServer]:
    """Run `hybrid-auth dev` on `port` with its data below `directory`; stopped with SIGTERM, as a supervisor does."""
    directory.mkdir(parents=True, exist_ok=True)
    output = directory / "server.log"
    command = [str(Path(sys.executable).with_name("hybrid-auth")), "dev", "--port", str(port)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HYBRID_AUTH_")}
    with (
        output.open("wb") as sink,
        subprocess.Popen(
            [*command, "--data-dir", str(directory / "data")],
            cwd=directory,  # away from a developer's .env
            env={**clean, **(env or {})},
            stdout=sink,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        server = LiveServer(url=f"http://localhost:{port}", output=output)
        try:
            _wait_ready(server, process)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _wait_ready(server: LiveServer, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            message = f"the server ended with code {process.returncode}:\n{server.printed()}"
            raise AssertionError(message)
        try:
            if httpx.get(f"{server.url}/auth/health", timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    message = f"the server was not ready within {START_SECONDS} s:\n{server.printed()}"
    raise AssertionError(message)
