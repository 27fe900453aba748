"""PostgreSQL refuses to run as root. How it runs all the same, with no account made and no foreign permission changed.

1. As an ordinary user: plainly.
2. As root in a fresh user namespace: for the kernel still the owner of root's files, so a 0700 home is no
   obstacle, but without a single capability; for itself an unmapped user. Whoever reaches its socket is root already.
3. Where namespaces are refused (many containers): as an account that exists, `postgres` or `nobody`. It can read
   neither our home nor our wheel, so it gets a copy of the programs and, as an open descriptor, the directory it needs.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hybrid_auth.embedded.binaries import PostgresPrograms
from hybrid_auth.embedded.directory import EmbeddedStoreError


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine, by its numbers."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Unprivileged:
    """What comes before the program's name, and the account to run it as (none: our own)."""

    prefix: tuple[str, ...] = ()
    account: Account | None = None

    @property
    def owner(self) -> int:
        """The user id that must own PostgreSQL's files."""
        return os.geteuid() if self.account is None else self.account.uid

    @property
    def ids(self) -> tuple[int, int] | None:
        """User and group id to change to; None: stay what we are."""
        return None if self.account is None else (self.account.uid, self.account.gid)

    def make_directory(self, path: Path) -> None:
        """A new empty directory of mode 0700 that the server may write."""
        path.mkdir(mode=0o700)
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def adopt(self, directory: Path) -> None:
        """Give all in a directory of ours to the account it is run by now; an earlier start may have chosen another."""
        if directory.stat().st_uid == self.owner:
            return
        group = os.getegid() if self.account is None else self.account.gid
        for parent, _, files in os.walk(directory):
            for path in (parent, *(os.path.join(parent, file) for file in files)):
                os.chown(path, self.owner, group, follow_symlinks=False)

    def programs(self, programs: PostgresPrograms) -> tuple[PostgresPrograms, list[str]]:
        """The programs where they can be run, and the directories to delete afterwards."""
        if self.account is None:
            return programs, []
        # A new directory for each run: nobody can have put programs of their own there before.
        copy = Path(tempfile.mkdtemp(prefix="hybrid-auth-"))
        copy.chmod(0o755)
        return programs.copied_to(copy), [str(copy)]


def choose(programs: PostgresPrograms, data: Path) -> Unprivileged:
    """The first of the three ways that works here. Raises EmbeddedStoreError when none does."""
    if os.geteuid() != 0:
        return Unprivileged()
    return in_user_namespace(programs, data) or as_account()


def in_user_namespace(programs: PostgresPrograms, data: Path) -> Unprivileged | None:
    """None where namespaces are refused, or where root's power was needed to reach the programs or the data."""
    unshare = shutil.which("unshare", path=os.defpath + ":/usr/sbin:/sbin")
    if unshare is None:
        return None
    prefix = (unshare, "-U")
    probe = ["/bin/sh", "-c", 'test -w "$1" && exec "$2" --version', "sh", str(data), str(programs.initdb)]
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        if subprocess.run([*prefix, *probe], capture_output=True, timeout=10, cwd="/").returncode == 0:
            return Unprivileged(prefix=prefix)
    return None


def as_account() -> Unprivileged:
    """Raises EmbeddedStoreError where there is no account, or where descriptors cannot be walked (not Linux)."""
    if sys.platform == "linux":
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return Unprivileged(account=Account(entry.pw_uid, entry.pw_gid))
    msg = (
        "PostgreSQL does not run as root, and this machine allows no user namespace. "
        "Run hybrid-auth as an ordinary user, or set HYBRID_AUTH_DATABASE_URL."
    )
    raise EmbeddedStoreError(msg)
