"""A directory that one process at a time owns, and what is said when it cannot be had."""

import contextlib
import fcntl
import hashlib
import os
import pwd
import stat
from pathlib import Path

LOCK_NAME = "hybrid-auth.lock"
"""The lock, and by its presence the mark of a directory of ours."""


class EmbeddedStoreError(Exception):
    """One clear sentence for the person at the terminal: what is wrong and how to mend it."""


class DataDirectory:
    """One directory of mode 0700, held by one process at a time.

    `path` is absolute and free of symbolic links.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        self._lock: int | None = None

    @property
    def digest(self) -> str:
        """16 hex digits that stand for the path, for places where a path is too long or would be told to others."""
        return hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]

    @property
    def is_ours(self) -> bool:
        """Whether this directory was made by `open()`, now or earlier."""
        return (self.path / LOCK_NAME).is_file()

    def open(self) -> None:
        """Make the directory where it is missing and lock it.

        Raises EmbeddedStoreError where it cannot be used, holds somebody's files, or is held by another process.
        """
        if self._lock is not None:
            return
        try:
            self._make()
            self._lock = self._acquire()
        except (FileExistsError, NotADirectoryError):
            msg = f"{self.path} is not a directory, so no data can be kept there. Choose another place with --data-dir."
            raise EmbeddedStoreError(msg) from None
        except PermissionError:
            msg = f"{self.path} cannot be written by this user. Choose another place with --data-dir."
            raise EmbeddedStoreError(msg) from None
        except OSError as error:
            msg = f"{self.path} cannot be used for data: {error.strerror}. Choose another place with --data-dir."
            raise EmbeddedStoreError(msg) from None

    def close(self) -> None:
        """Let go of the lock; again and again does no harm."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def forget(self) -> None:
        """Remove the mark, and the directory itself where nothing else is in it. Needs the lock, and ends it."""
        with contextlib.suppress(OSError):
            (self.path / LOCK_NAME).unlink()
            self.path.rmdir()
        self.close()

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            self.path.mkdir(mode=0o700)
        found = self.path.stat()
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError
        # What another account owns it can swap under our hands; and root's files would lock its owner out later.
        if found.st_uid != os.geteuid():
            msg = (
                f"{self.path} belongs to {_user_name(found.st_uid)}. Run as that user, "
                "or choose another place with --data-dir."
            )
            raise EmbeddedStoreError(msg)
        if not self.is_ours and any(self.path.iterdir()):
            msg = (
                f"{self.path} holds files that hybrid-auth did not make. Choose an empty or new place with --data-dir."
            )
            raise EmbeddedStoreError(msg)
        if stat.S_IMODE(found.st_mode) != 0o700:
            self.path.chmod(0o700)

    def _acquire(self) -> int:
        file = self.path / LOCK_NAME
        while True:
            lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(lock, 32).decode("ascii", "replace").strip() or "unknown"
                os.close(lock)
                msg = f"hybrid-auth is already running on this data, {self.path} (pid {holder})."
                raise EmbeddedStoreError(msg) from None
            except BaseException:
                os.close(lock)
                raise
            # `forget()` of another process may have unlinked the file between our open and our lock.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(lock), file.stat()):
                    os.truncate(lock, 0)
                    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
                    return lock
            os.close(lock)


def write_private(path: Path, text: str) -> None:
    """Put a file of mode 0600 in place in one step, so that a reader sees the old or the new one, never a half."""
    fresh = path.with_name(f"{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _user_name(uid: int) -> str:
    try:
        return f"the user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"another user (uid {uid})"
