"""Run one server, and end it when the process that asked for it is gone, however it went.

Run as a script with the standard library only, so that it is up in some 30 ms:

    python -I -S lifeline.py '<Errand as JSON>'

Standard input is the lifeline: a pipe whose other end only the asking process holds. Its end of file, SIGTERM or SIGINT
mean: stop the server. The kernel closes the pipe even after SIGKILL, on every system, whichever thread started us
(PR_SET_PDEATHSIG knows only Linux, fires when the starting *thread* ends, and is lost on entering a user namespace).
Standard output gets one line: the server's process id, or `!` and why it could not be started.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, TypedDict

DIRECTORY_FD = 9
"""The number under which a server of another account finds the directory opened for it."""


class Errand(TypedDict):
    """What to run and how to end it."""

    argv: list[str]
    """The server and its arguments; no secrets, for every user of the machine can read them."""
    cwd: str
    log: str
    """Gets standard output and error; emptied first."""
    pid_file: str
    """Gets the server's process id and is left behind: the next start looks there for survivors."""
    stdin: str | None
    """A file for the server's standard input; none: empty."""
    signals: list[tuple[str, float]]
    """In this order, each with the seconds to wait for the end; SIGKILL comes last by itself."""
    account: tuple[int, int] | None
    """User and group id to run as; none: our own."""
    directory: str | None
    """Opened here and handed on as `DIRECTORY_FD`, for an account that could not walk to it."""
    remove: list[str]
    """Directories to delete once the server is gone."""


def descendants(pid: int) -> list[int]:
    """The processes below `pid`, nearest first."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found = list(children.get(pid, []))
    for one in found:
        found.extend(children.get(one, []))
    return found


def _parents() -> list[tuple[int, int]]:
    if not Path("/proc/self/stat").exists():
        listing = subprocess.run(["/bin/ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
        return [(int(pid), int(parent)) for pid, parent in map(str.split, listing.stdout.splitlines())]
    pairs = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            with contextlib.suppress(OSError):
                # The command's name stands in parentheses and may itself hold spaces and parentheses.
                stat = Path("/proc", entry, "stat").read_bytes().rpartition(b")")[2]
                pairs.append((int(entry), int(stat.split()[1])))
    return pairs


def signal_tree(pid: int, which: signal.Signals) -> list[int]:
    """Send a signal to `pid` and to all below it; gives them back, `pid` first.

    PostgreSQL's processes leave the group of their parent, so killpg() would not reach them.
    """
    if which in {signal.SIGKILL, signal.SIGSTOP}:
        # Held first, so that it cannot start another child between the look and the signal.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    tree = [pid, *descendants(pid)]
    for one in reversed(tree) if which is signal.SIGCONT else tree:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, which)
    return tree


def _spawn(errand: Errand) -> "subprocess.Popen[bytes]":
    passed: tuple[int, ...] = ()
    if errand["directory"] is not None:
        opened = os.open(errand["directory"], os.O_RDONLY | os.O_DIRECTORY)
        os.dup2(opened, DIRECTORY_FD)
        os.close(opened)
        passed = (DIRECTORY_FD,)
    account: dict[str, Any] = {}
    if errand["account"] is not None:
        user, group = errand["account"]
        account = {"user": user, "group": group, "extra_groups": []}
    log = os.open(errand["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    stdin = os.open(errand["stdin"] or os.devnull, os.O_RDONLY)
    try:
        return subprocess.Popen(
            errand["argv"],
            cwd=errand["cwd"],
            env={"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"},
            stdin=stdin,
            stdout=log,
            stderr=log,
            pass_fds=passed,
            start_new_session=True,
            **account,
        )
    finally:
        os.close(log)
        os.close(stdin)


def _write_pid(path: str, pid: int) -> None:
    # Renamed into place: a reader sees a whole number or nothing.
    descriptor = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{pid}\n")
    os.replace(f"{path}.new", path)


def _stop(child: "subprocess.Popen[bytes]", signals: list[tuple[str, float]], wakeup: int) -> None:
    signal_tree(child.pid, signal.SIGCONT)
    for name, seconds in signals:
        child.send_signal(signal.Signals[name])
        until = time.monotonic() + seconds
        while child.poll() is None and (left := until - time.monotonic()) > 0:
            if select.select([wakeup], [], [], left)[0]:
                os.read(wakeup, 512)
        if child.returncode is not None:
            return
    signal_tree(child.pid, signal.SIGKILL)
    child.wait()


def main(errand: Errand) -> int:
    """Serve one errand to its end. Returns the server's exit code (128 + n for a death by signal n)."""
    wakeup, notify = os.pipe()
    os.set_blocking(wakeup, False)
    os.set_blocking(notify, False)
    signal.set_wakeup_fd(notify, warn_on_full_buffer=False)
    for which in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(which, lambda *_: None)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        try:
            child = _spawn(errand)
        except (OSError, subprocess.SubprocessError) as error:
            print("!", error, flush=True)
            return 1
        try:
            _write_pid(errand["pid_file"], child.pid)
        except OSError as error:
            _stop(child, errand["signals"], wakeup)
            print("!", error, flush=True)
            return 1
        with contextlib.suppress(BrokenPipeError):
            print(child.pid, flush=True)
        watched = [0, wakeup]
        while child.poll() is None:
            readable = select.select(watched, [], [])[0]
            told = os.read(wakeup, 512) if wakeup in readable else b""
            cut = 0 in readable and not os.read(0, 512)
            if cut or set(told) & {signal.SIGTERM, signal.SIGINT}:
                _stop(child, errand["signals"], wakeup)
        return child.returncode if child.returncode >= 0 else 128 - child.returncode
    finally:
        for directory in errand["remove"]:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
