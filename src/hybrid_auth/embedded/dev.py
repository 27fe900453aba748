"""What `hybrid-auth dev` keeps under its data directory: the stores and one secret."""

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from hybrid_auth.core.tokens import random_token
from hybrid_auth.embedded.directory import DataDirectory, EmbeddedStoreError, write_private
from hybrid_auth.embedded.postgres import EmbeddedPostgres
from hybrid_auth.embedded.redis import EmbeddedRedis
from hybrid_auth.embedded.server import EmbeddedServer

_POSTGRES = "postgres"
_REDIS = "redis"
_SECRET = "secret_key"  # noqa: S105 (a file name)
_SECRET_LENGTH = 43


class DevStores:
    """PostgreSQL and Redis on one data directory, while the `with` block runs. Only what is asked for is started.

    Entering raises EmbeddedStoreError: a second copy on the same data, a directory that cannot be used, damaged data.
    """

    def __init__(self, data_dir: Path, *, postgres: bool, redis: bool) -> None:
        self._directory = DataDirectory(data_dir)
        path = self._directory.path
        self._postgres = EmbeddedPostgres(path / _POSTGRES) if postgres else None
        self._redis = EmbeddedRedis(path / _REDIS) if redis else None

    @property
    def path(self) -> Path:
        """The data directory, absolute."""
        return self._directory.path

    @property
    def database_url(self) -> str | None:
        """For SQLAlchemy; None where PostgreSQL was not asked for."""
        return None if self._postgres is None else self._postgres.url

    @property
    def redis_url(self) -> str | None:
        """For redis-py; None where Redis was not asked for."""
        return None if self._redis is None else self._redis.url

    def _servers(self) -> list[EmbeddedServer]:
        return [server for server in (self._redis, self._postgres) if server is not None]

    def __enter__(self) -> Self:
        self._directory.open()
        try:
            # Redis first: it gets ready while PostgreSQL may still be making its files.
            for server in self._servers():
                server.launch()
            for server in self._servers():
                server.await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop both at the same time, within 8 seconds; again and again does no harm."""
        for server in self._servers():
            server.let_go()
        for server in self._servers():
            server.stop()
        self._directory.close()


def dev_secrets(data_dir: Path) -> str:
    """The secret for HYBRID_AUTH_SECRET_KEYS: 256 random bits, made once, kept with mode 0600.

    May be asked for before the stores are entered, and within.

    Raises EmbeddedStoreError where it cannot be kept or is not what was written.
    """
    directory = DataDirectory(data_dir)
    if not directory.is_ours:
        directory.open()
        directory.close()
    file = directory.path / _SECRET
    try:
        if not file.exists():
            fresh = file.with_name(f"{_SECRET}.{os.getpid()}")
            write_private(fresh, random_token())
            # A link never replaces: of two processes at once both end up with the first one's secret.
            with contextlib.suppress(FileExistsError):
                file.hardlink_to(fresh)
            fresh.unlink()
        secret = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The secret in {file} cannot be used: {error}. Begin anew with --reset."
        raise EmbeddedStoreError(msg) from None
    if len(secret) < _SECRET_LENGTH:
        msg = f"The secret in {file} is damaged. Put back a copy of it, or begin anew with --reset."
        raise EmbeddedStoreError(msg)
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)
    return secret


def wipe(data_dir: Path) -> None:
    """Delete the stores and the secret, and the directory itself if nothing else is in it.

    Raises EmbeddedStoreError where a copy is running on it, or where the directory holds files and is not ours.
    """
    directory = DataDirectory(data_dir)
    if not directory.path.exists():
        return
    directory.open()
    try:
        for name, kind in ((_POSTGRES, EmbeddedPostgres), (_REDIS, EmbeddedRedis)):
            store = directory.path / name
            if store.is_dir() and not store.is_symlink():
                kind(store).wipe()
            else:
                store.unlink(missing_ok=True)
        for file in (directory.path / _SECRET, *directory.path.glob(f"{_SECRET}.*")):
            file.unlink(missing_ok=True)
        directory.forget()
    except OSError as error:
        msg = f"{directory.path} could not be emptied: {error}."
        raise EmbeddedStoreError(msg) from None
    finally:
        directory.close()
