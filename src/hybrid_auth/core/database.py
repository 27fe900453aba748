"""PostgreSQL: the declarative base, and one request's unit of work."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

from advanced_alchemy.base import CommonTableAttributes
from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import CursorResult, Executable, MetaData, Result
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from hybrid_auth.core.errors import Unavailable

__all__ = ("TABLE_PREFIX", "Base", "DateTimeUTC", "SessionMaker", "Transaction", "create_engine", "table")

TABLE_PREFIX = "hybrid_auth_"
"""A host application has a `users` table of its own, so every table of ours carries this."""

_OUTAGE_CLASSES = frozenset(("08", "40", "53", "57", "58"))
"""Of SQLSTATE: connection, deadlock, resources, shutdown or start-up, system error; trying again may help."""
_READ_ONLY = "25006"
"""A primary that became a standby."""

Effect = Callable[[], Awaitable[None]]
SessionMaker = async_sessionmaker[AsyncSession]


def table(name: str) -> str:
    """The name of a table of ours in the database."""
    return TABLE_PREFIX + name


class Base(CommonTableAttributes, DeclarativeBase):
    """Every table of the service; a metadata of its own, so that nothing of a host's is ever migrated by us."""

    __abstract__ = True
    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )


def create_engine(url: str, *, pool_size: int = 10, command_timeout: float = 10.0) -> AsyncEngine:
    """An asyncpg engine; `command_timeout` in seconds bounds every statement, so that no request waits for ever."""
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5.0,
        # Statements that fail are logged; what was bound to them is hashes, tokens and addresses.
        hide_parameters=True,
        connect_args={"timeout": 5.0, "command_timeout": command_timeout},
    )


@asynccontextmanager
async def _store_errors() -> AsyncIterator[None]:
    """A lost, refused or exhausted connection is an outage (503), anything else a mistake of ours (500)."""
    try:
        yield
    except Exception as error:
        if _is_outage(error):
            raise Unavailable from error
        raise


def _is_outage(error: Exception) -> bool:
    if isinstance(error, OSError | PoolTimeoutError | OperationalError | InterfaceError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # While it connects, asyncpg's own errors come through SQLAlchemy unwrapped.
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None) or ""
    return state[:2] in _OUTAGE_CLASSES or state == _READ_ONLY


class Transaction:
    """One PostgreSQL transaction, begun by its first statement and committed on leaving.

    Effects registered with `after_commit` run once the commit is known to have happened, before the response is sent;
    those of `after_doubt` run where it failed or nobody knows (the connection died while committing).
    """

    def __init__(self, session_maker: SessionMaker) -> None:
        self.session = session_maker()
        self._after_commit: list[Effect] = []
        self._after_doubt: list[Effect] = []

    def after_commit(self, effect: Effect) -> None:
        self._after_commit.append(effect)

    def after_doubt(self, effect: Effect) -> None:
        self._after_doubt.append(effect)

    async def execute(self, statement: Executable, parameters: Any = None) -> Result[Any]:
        """Run one statement; Unavailable where PostgreSQL cannot be reached."""
        async with _store_errors():
            return await self.session.execute(statement, parameters)

    async def write(self, statement: Executable, parameters: Any = None) -> int:
        """Run one INSERT, UPDATE or DELETE; the number of rows it touched."""
        result = await self.execute(statement, parameters)
        return result.rowcount if isinstance(result, CursorResult) else 0

    async def release(self) -> None:
        """End what was only read so far and give the connection back, before slow work off the database begins."""
        # What was read stays readable; a rollback would make every loaded row ask for itself again.
        self.session.expunge_all()
        async with _store_errors():
            await self.session.rollback()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self._commit()
        finally:
            await self._close()
        if error is None:
            await self._run_effects()

    async def _commit(self) -> None:
        try:
            async with _store_errors():
                await self.session.commit()
        except BaseException:
            for effect in self._after_doubt:
                await effect()
            raise

    async def _run_effects(self) -> None:
        """Each has its turn, whatever comes of the others; the first error is told then."""
        failed: Exception | None = None
        for effect in self._after_commit:
            try:
                await effect()
            except Exception as error:
                failed = failed or error
        if failed is not None:
            raise failed

    async def _close(self) -> None:
        try:
            await self.session.close()
        except (OSError, DBAPIError):
            # The connection is already gone, and so is its transaction; the pool has thrown it away.
            await self.session.invalidate()
