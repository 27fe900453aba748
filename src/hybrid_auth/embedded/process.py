"""A server process of ours: started, awaited, stopped, and for tests killed and paused."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from hybrid_auth.embedded import lifeline
from hybrid_auth.embedded.directory import EmbeddedStoreError
from hybrid_auth.embedded.lifeline import Errand, signal_tree


class ServerProcess:
    """One run of a server under `lifeline.py`. It ends with `stop()`, with `kill()`, or with this process.

    `name` is what errors call it.
    """

    def __init__(self, name: str, errand: Errand) -> None:
        self._name = name
        self._patience = sum(seconds for _, seconds in errand["signals"]) + 3.0
        # Its own session: a Ctrl-C in the terminal reaches us alone, and we say in which order things end.
        self._guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", lifeline.__file__, json.dumps(errand)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            cwd="/",
        )
        self.pid = 0
        try:
            self.pid = self._read_pid()
        except BaseException:
            self.stop()
            raise

    def _read_pid(self) -> int:
        if self._guardian.stdout is None:
            msg = "the guardian has no output"
            raise RuntimeError(msg)
        with self._guardian.stdout as output:
            answer = output.readline().decode("utf-8", "replace").strip()
        if not answer.isdecimal():
            msg = f"{self._name} could not be started: {answer.removeprefix('! ') or 'its guardian died'}."
            raise EmbeddedStoreError(msg)
        return int(answer)

    @property
    def running(self) -> bool:
        """Whether the server is still there."""
        return self._guardian.poll() is None

    def wait(self, seconds: float) -> int | None:
        """Exit code of the server, or None if it still runs after so many seconds."""
        try:
            return self._guardian.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def let_go(self) -> None:
        """Cut the lifeline: the server begins to stop. Returns at once."""
        if self._guardian.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guardian.stdin.close()

    def stop(self) -> None:
        """Stop the server and wait until it is gone."""
        self.let_go()
        if self.wait(self._patience) is None:
            self.kill()

    def kill(self) -> None:
        """SIGKILL, as a crash would: the server and all its children at once."""
        killed = signal_tree(self.pid, signal.SIGKILL) if self.pid and self.running else []
        self.let_go()
        if self.wait(5.0) is None:
            self._guardian.kill()
            self._guardian.wait()
        for pid in killed:
            wait_gone(pid, seconds=2.0)

    def pause(self) -> None:
        """SIGSTOP to all of it: it accepts connections (the kernel does) and answers nothing."""
        if self.running:
            signal_tree(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT after `pause()`."""
        if self.running:
            signal_tree(self.pid, signal.SIGCONT)


def end_survivor(pid_file: Path, *, proof: str, polite: signal.Signals) -> None:
    """End a server that an earlier, killed run left behind on our data.

    The number in `pid_file` may long be somebody else's process: only one whose command line holds the argument `proof`
    is touched. Raises EmbeddedStoreError if it will not go.
    """
    pid = read_pid(pid_file)
    if pid is None or proof not in arguments(pid):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, polite)
    if wait_gone(pid, seconds=8.0):
        return
    for one in signal_tree(pid, signal.SIGKILL):
        if not wait_gone(one, seconds=3.0):
            msg = f"A server of an earlier run (pid {one}) is still on this data and cannot be ended."
            raise EmbeddedStoreError(msg)


def read_pid(pid_file: Path) -> int | None:
    """The process id in the first line of a file; None where there is none."""
    try:
        pid = int(pid_file.read_text(encoding="utf-8", errors="replace").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if pid > 1 else None


def wait_gone(pid: int, *, seconds: float) -> bool:
    """Wait for the end of a process that is not our child. False if it is still there after so many seconds."""
    until = time.monotonic() + seconds
    while is_running(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def is_running(pid: int) -> bool:
    """Whether such a process is there and not merely waiting to be reaped by its parent."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def arguments(pid: int) -> list[str]:
    """The command line of a process; empty where there is none, or nothing but a dead one to be reaped."""
    try:
        return [os.fsdecode(argument) for argument in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    except OSError:
        listing = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
        return listing.stdout.split()
