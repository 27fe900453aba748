"""Real stores for the tests: fresh databases by copying a migrated template, and a way to look into them."""

import asyncio
import importlib
import importlib.util
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hybrid_auth.embedded.postgres import EmbeddedPostgres

Result = TypeVar("Result")


def run_apart(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end on a loop in a thread of its own: the calling thread may have a loop running."""
    results: list[Result] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            results.append(asyncio.run(coroutine))
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


async def query(url: str, statement: str) -> list[Any]:
    """One statement on a connection of its own, outside a transaction; the first column of its rows."""
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        result = await connection.execute(text(statement))
        return list(result.scalars()) if result.returns_rows else []


def ask(url: str, statement: str) -> list[Any]:
    """`query()` for those who cannot await."""
    return run_apart(query(url, statement))


class Databases:
    """Databases on one server, each a copy of a template that Alembic migrated once."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._url: URL = make_url(server.url)
        self._template: str | None = None

    def create(self, *, migrated: bool = True) -> str:
        """A fresh database, with the schema or empty. Gives back its URL."""
        template = self._migrated_template() if migrated else "template1"
        name = f"test_{uuid4().hex}"
        self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return self._at(name)

    def drop(self, url: str) -> None:
        """Delete a database, whoever is still connected to it."""
        self._administer(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def _migrated_template(self) -> str:
        if self._template is None:
            name = f"template_{uuid4().hex}"
            self._administer(f'CREATE DATABASE "{name}" TEMPLATE template1')
            if importlib.util.find_spec("hybrid_auth.migrations") is not None:
                importlib.import_module("hybrid_auth.migrations").upgrade(self._at(name))
            self._template = name
        return self._template

    def _at(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False).replace("%2F", "/")

    def _administer(self, statement: str) -> None:
        ask(self._at("postgres"), statement)
