"""What the embedded servers have in common: a directory of their own, a socket or a port, a life."""

import os
import re
import shutil
import signal
import stat
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from hybrid_auth.core.tokens import random_token
from hybrid_auth.embedded.directory import DataDirectory, EmbeddedStoreError, write_private
from hybrid_auth.embedded.lifeline import Errand
from hybrid_auth.embedded.port import reserve_port
from hybrid_auth.embedded.process import ServerProcess, end_survivor

_START_SECONDS = 60.0
"""PostgreSQL may have to replay its log after a crash."""

_LONGEST_SOCKET_PATH = 100
"""Bytes. sun_path has room for 108 on Linux and 104 on macOS, the closing zero included."""


class EmbeddedServer(ABC):
    """A real server out of a wheel, for `dev` and the tests.

    `data_dir` is its own, made with mode 0700. `port`: None for a Unix socket that only this user (and root) can reach,
    else a TCP port of 127.0.0.1 behind a random password. `durable=False` gives up surviving a crash of the machine.
    A server can be started again after `stop()` or `kill()`, and `url` then is the same as before.
    """

    name: ClassVar[str]
    polite: ClassVar[signal.Signals]
    """The signal that asks for an orderly and quick end."""

    def __init__(self, data_dir: Path, *, port: int | None = None, durable: bool = True) -> None:
        self.directory = DataDirectory(data_dir)
        self.port = port
        self.durable = durable
        self._process: ServerProcess | None = None
        self._short_place: Path | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where to connect; known once the server was launched."""

    @property
    @abstractmethod
    def proof(self) -> str:
        """One argument of the command line that no server on other data has."""

    @abstractmethod
    def _errand(self) -> Errand:
        """Put the data in order and say what to run."""

    @abstractmethod
    def _answers(self, pid: int) -> bool:
        """Whether the server with this process id serves requests."""

    @abstractmethod
    def _complaint(self, log: str) -> str | None:
        """What the server itself said about its failure."""

    @property
    def running(self) -> bool:
        """Whether the server is there; it need not answer yet."""
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        return self._running_process().pid

    @property
    def log(self) -> Path:
        """Where the server's own words go; emptied at each start."""
        return self.directory.path / "server.log"

    @property
    def password(self) -> str:
        """For the TCP port; made once and kept beside the data, readable by this user only."""
        file = self.directory.path / "password"
        if not file.exists():
            write_private(file, random_token())
        return file.read_text(encoding="ascii")

    def start(self) -> None:
        """`launch()` and `await_ready()`."""
        self.launch()
        try:
            self.await_ready()
        except BaseException:
            self.stop()
            raise

    def launch(self) -> None:
        """Start the server without waiting until it answers. Raises EmbeddedStoreError, also for a second copy."""
        if self._process is not None:
            self.stop()
        self.directory.open()
        try:
            self._end_survivors()
            if self.port is not None:
                reserve_port("127.0.0.1", self.port).close()
            self._process = ServerProcess(self.name, self._errand())
        except BaseException:
            self.directory.close()
            raise

    def await_ready(self) -> None:
        """Wait until the launched server answers. Raises EmbeddedStoreError with its complaint if it never does."""
        process = self._running_process()
        until = time.monotonic() + _START_SECONDS
        while not self._answers(process.pid):
            if process.wait(0.01) is not None:
                raise self._failure()
            if time.monotonic() > until:
                msg = f"{self.name} did not answer within {_START_SECONDS:.0f} seconds. Its words are in {self.log}."
                raise EmbeddedStoreError(msg)

    def let_go(self) -> None:
        """Begin to stop; `stop()` then only waits. For stopping several at once."""
        if self._process is not None:
            self._process.let_go()

    def stop(self) -> None:
        """Stop in order, wait until it is gone, unlock the data. Again and again does no harm."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        self.directory.close()

    def kill(self) -> None:
        """SIGKILL to all of it, as a crash would be."""
        self._running_process().kill()
        self._process = None
        self.directory.close()

    def pause(self) -> None:
        """SIGSTOP: connections are accepted and nothing is answered, as when a machine hangs."""
        self._running_process().pause()

    def resume(self) -> None:
        """SIGCONT after `pause()`."""
        self._running_process().resume()

    def wipe(self) -> None:
        """Delete the directory, after ending what an earlier run may have left running on it."""
        if self.directory.is_ours:
            self.directory.open()
            self._end_survivors()
        shutil.rmtree(self.directory.path)
        self.directory.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _running_process(self) -> ServerProcess:
        if self._process is None:
            msg = f"{self.name} is not running."
            raise EmbeddedStoreError(msg)
        return self._process

    def _end_survivors(self) -> None:
        end_survivor(self.directory.path / "server.pid", proof=self.proof, polite=self.polite)

    def _failure(self) -> EmbeddedStoreError:
        log = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        reason = self._complaint(log) or "it ended without a word"
        return EmbeddedStoreError(
            f"{self.name} does not start on {self.directory.path}: {reason.rstrip('.')}. "
            "Put back a copy of that directory, or begin anew with --reset."
        )

    def _socket_place(self, name: str, *, readable: bool = True) -> Path:
        """The directory for a socket file called `name`: within the data, or a short temporary one.

        Names with other than plain characters would need quoting of their own kind in each server and URL. Not
        `readable`: the server runs as an account that cannot walk to the data.
        """
        inside = self.directory.path / "socket"
        fits = len(os.fsencode(inside / name)) <= _LONGEST_SOCKET_PATH and re.fullmatch(r"[\w./-]+", str(inside), re.A)
        return inside if fits and readable else self._short_socket_place(name)

    def _short_socket_place(self, name: str) -> Path:
        if self._short_place is None:
            base = tempfile.gettempdir()
            place = f"{base}/hybrid-auth-12345678/{name}"
            plain = len(os.fsencode(place)) <= _LONGEST_SOCKET_PATH and re.fullmatch(r"[\w./-]+", place, re.A)
            self._short_place = Path(tempfile.mkdtemp(prefix="hybrid-auth-", dir=base if plain else "/tmp"))  # noqa: S108
            self._short_place.rmdir()
        return self._short_place

    def _make_socket_place(self, place: Path, owner: tuple[int, int] | None = None) -> None:
        """Make it anew and empty. A directory in /tmp of the same name that is not ours stops the start."""
        ours = {os.geteuid()} if owner is None else {os.geteuid(), owner[0]}
        if place.is_dir() and not place.is_symlink() and place.lstat().st_uid in ours:
            shutil.rmtree(place)
        try:
            place.mkdir(mode=0o700)
        except FileExistsError:
            msg = f"{place} belongs to another user and is in the way. Remove it."
            raise EmbeddedStoreError(msg) from None
        if owner is not None:
            os.chown(place, *owner)
        if stat.S_IMODE(place.stat().st_mode) != 0o700:
            place.chmod(0o700)
