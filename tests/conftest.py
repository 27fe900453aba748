"""Fixtures that every test may use. The stores are real and are started once, when the first test asks for them."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis

from hybrid_auth.embedded.port import reserve_port
from hybrid_auth.embedded.postgres import EmbeddedPostgres
from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.stores import Databases


@pytest.fixture(scope="session")
def stores_dir() -> Iterator[Path]:
    """A directory for the stores of this run; short, so that sockets fit beside the data."""
    path = Path(tempfile.mkdtemp(prefix="hybrid-auth-test-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(stores_dir: Path) -> Iterator[EmbeddedPostgres]:
    """The PostgreSQL of the whole run. Do not stop, kill or pause it: see `start_postgres`."""
    with EmbeddedPostgres(stores_dir / "postgres", durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(stores_dir: Path) -> Iterator[EmbeddedRedis]:
    """The Redis of the whole run. Do not stop, kill or pause it: see `start_redis`."""
    with EmbeddedRedis(stores_dir / "redis", durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres: EmbeddedPostgres) -> Databases:
    """Makes as many fresh databases as a test wants."""
    return Databases(postgres)


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A migrated, empty database for one test."""
    url = databases.create()
    yield url
    databases.drop(url)


@pytest.fixture(scope="module")
def module_database_url(databases: Databases) -> Iterator[str]:
    """A migrated database that the tests of one module share."""
    url = databases.create()
    yield url
    databases.drop(url)


@pytest.fixture
def redis_url(redis_server: EmbeddedRedis) -> str:
    """An empty Redis for one test."""
    with Redis.from_url(redis_server.url) as client:
        client.flushall()
        client.script_flush()
    return redis_server.url


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Gives TCP ports of 127.0.0.1 that nobody listens on."""

    def choose() -> int:
        with reserve_port("127.0.0.1", 0) as reserved:
            return int(reserved.getsockname()[1])

    return choose


@pytest.fixture
def start_postgres(tmp_path: Path) -> Iterator[Callable[..., EmbeddedPostgres]]:
    """Starts a PostgreSQL for one test, which may stop, kill or pause it: `start_postgres(port=…, durable=…)`."""
    with ExitStack() as stack:
        started: list[EmbeddedPostgres] = []

        def start(*, port: int | None = None, durable: bool = False) -> EmbeddedPostgres:
            server = EmbeddedPostgres(tmp_path / f"postgres-{len(started)}", port=port, durable=durable)
            started.append(server)
            return stack.enter_context(server)

        yield start


@pytest.fixture
def start_redis(tmp_path: Path) -> Iterator[Callable[..., EmbeddedRedis]]:
    """Starts a Redis for one test, which may stop, kill or pause it: `start_redis(port=…, durable=…)`."""
    with ExitStack() as stack:
        started: list[EmbeddedRedis] = []

        def start(*, port: int | None = None, durable: bool = False) -> EmbeddedRedis:
            server = EmbeddedRedis(tmp_path / f"redis-{len(started)}", port=port, durable=durable)
            started.append(server)
            return stack.enter_context(server)

        yield start
