"""The embedded PostgreSQL."""

import asyncio
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from hybrid_auth.embedded import cluster
from hybrid_auth.embedded.binaries import postgres_programs
from hybrid_auth.embedded.directory import EmbeddedStoreError
from hybrid_auth.embedded.port import PortInUse, reserve_port
from hybrid_auth.embedded.postgres import EmbeddedPostgres
from hybrid_auth.embedded.unprivileged import choose
from tests.support.stores import ask

Start = Callable[..., EmbeddedPostgres]


@pytest.fixture(scope="module")
def sample(stores_dir: Path) -> EmbeddedPostgres:
    """A PostgreSQL that ran once."""
    server = EmbeddedPostgres(stores_dir / "sample", durable=False)
    server.start()
    server.stop()
    return server


@pytest.fixture
def stopped(sample: EmbeddedPostgres, tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A copy of it, to break."""
    server = EmbeddedPostgres(shutil.copytree(sample.directory.path, tmp_path / "postgres"), durable=False)
    yield server
    server.stop()


def test_it_is_the_newest_and_speaks_utf8(postgres: EmbeddedPostgres) -> None:
    """Text is UTF-8 and sorted by code point on every machine, and the URL leads to a database of our own."""
    facts = ask(
        postgres.url,
        "SELECT unnest(ARRAY[(current_setting('server_version_num')::int / 10000)::text, "
        "current_setting('server_encoding'), datlocale, upper('é'), datname]) "
        "FROM pg_database WHERE datname = current_database()",
    )
    assert facts == [str(max(postgres_programs())), "UTF8", "C.UTF-8", "É", "hybrid_auth"]


def test_data_survives_stop_and_crash(start_postgres: Start) -> None:
    """What was committed is there after an orderly stop and after SIGKILL, under the same URL."""
    server = start_postgres(durable=True)
    url = server.url
    assert ask(url, "SHOW fsync") == ["on"]
    ask(url, "CREATE TABLE t AS SELECT 1 AS n")
    server.stop()
    server.start()
    ask(url, "INSERT INTO t VALUES (2)")
    server.kill()
    assert not server.running
    server.start()
    assert server.url == url
    assert ask(url, "SELECT n FROM t ORDER BY n") == [1, 2]


def test_only_this_user_reaches_the_socket(postgres: EmbeddedPostgres) -> None:
    """It lies in a directory of mode 0700 and is itself 0700; no TCP port is open."""
    place = make_url(postgres.url).query["host"]
    assert isinstance(place, str)
    assert stat.S_IMODE(Path(place).stat().st_mode) == 0o700
    assert stat.S_IMODE((Path(place) / ".s.PGSQL.5432").stat().st_mode) == 0o700
    assert ask(postgres.url, "SHOW listen_addresses") == [""]


def test_the_role_is_no_superuser(postgres: EmbeddedPostgres) -> None:
    """A statement smuggled into PostgreSQL must not run programs or write files."""
    assert ask(postgres.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [False]
    with pytest.raises(Exception, match="permission denied"):
        ask(postgres.url, "COPY (SELECT 1) TO PROGRAM 'true'")


def test_a_tcp_port_wants_the_password(start_postgres: Start, free_port: Callable[[], int]) -> None:
    """Every user of the machine reaches the port, so it is locked; the password is in no command line."""
    server = start_postgres(port=free_port())
    assert ask(server.url, "SELECT 1") == [1]
    with pytest.raises(Exception, match=r"password authentication failed"):
        ask(server.url.replace(server.password, "wrong"), "SELECT 1")
    assert server.password.encode() not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
    assert stat.S_IMODE((server.directory.path / "password").stat().st_mode) == 0o600


async def test_pause_and_resume(start_postgres: Start) -> None:
    """A paused server keeps open connections open and answers none of them; a paused one can be stopped."""
    server = start_postgres()
    engine = create_async_engine(server.url)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        server.pause()
        waiting = asyncio.create_task(connection.execute(text("SELECT 1")))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        server.resume()
        assert (await waiting).scalar_one() == 1
    await engine.dispose()
    server.pause()
    server.stop()
    assert not server.running


def test_a_second_copy_is_refused(postgres: EmbeddedPostgres) -> None:
    """Two servers on one cluster would destroy it."""
    with pytest.raises(EmbeddedStoreError, match=rf"already running on this data, .* \(pid {os.getpid()}\)\.$"):
        EmbeddedPostgres(postgres.directory.path).start()


def test_a_taken_port_is_one_sentence(start_postgres: Start) -> None:
    """Nothing is made or started."""
    with reserve_port("127.0.0.1", 0) as taken, pytest.raises(PortInUse, match=r"is in use"):
        start_postgres(port=taken.getsockname()[1])


def test_an_interrupted_creation_is_made_good(tmp_path: Path) -> None:
    """What a killed initdb left lies under another name and is thrown away."""
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    server.directory.open()
    (server.directory.path / "cluster.new" / "base").mkdir(parents=True)
    (server.directory.path / "cluster.new" / "PG_VERSION").touch()
    server.directory.close()
    with server:
        assert ask(server.url, "SELECT 1") == [1]
    assert not (server.directory.path / "cluster.new").exists()


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("PG_VERSION", b"\x00garbage", "PG_VERSION holds no version"),
        ("PG_VERSION", b"", "PG_VERSION holds no version"),
        ("PG_VERSION", b"\xff\xff", "cannot be read"),
        ("PG_VERSION", None, "PG_VERSION is missing"),
        ("PG_VERSION", b"99\n", "made by PostgreSQL 99, and this hybrid-auth carries 16 and 18"),
        ("global/pg_control", None, "pg_control is missing"),
        ("global/pg_control", b"", "pg_control is empty"),
        ("global/pg_control", b"garbage" * 2000, "PostgreSQL does not start on"),
        ("postgresql.conf", b"!!!", "PostgreSQL does not start on"),
    ],
)
def test_a_damaged_cluster_is_one_sentence(
    stopped: EmbeddedPostgres, file: str, content: bytes | None, words: str
) -> None:
    """Whatever is broken, the person reads what and where, and the data is unlocked again."""
    broken = stopped.cluster / file
    if content is None:
        broken.unlink()
    else:
        broken.write_bytes(content)
    with pytest.raises(EmbeddedStoreError) as caught:
        stopped.start()
    message = str(caught.value)
    assert words in message
    assert str(stopped.directory.path) in message
    assert "\n" not in message
    stopped.directory.open()


def test_data_of_an_older_major_runs_on_that_one(tmp_path: Path) -> None:
    """The wheel carries 16 beside 18: data made by it is served by it, not refused."""
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    server.directory.open()
    old = postgres_programs()[16]
    cluster.create(
        server.cluster,
        programs=old,
        way=choose(old, server.directory.path),
        password=server.password,
        durable=False,
        log=server.log,
    )
    with server:
        assert str(ask(server.url, "SHOW server_version")).startswith("['16.")


def test_a_strangers_process_under_the_old_number_is_left_alone(stopped: EmbeddedPostgres) -> None:
    """After a reboot the number in a leftover file may be anybody's: it neither stops the start nor is stopped."""
    with subprocess.Popen(["/bin/sleep", "60"]) as stranger:
        lines = f"{stranger.pid}\n{stopped.cluster}\n1\n5432\n\n\n  1 1\nready\n"
        (stopped.cluster / "postmaster.pid").write_text(lines)
        (stopped.directory.path / "server.pid").write_text(f"{stranger.pid}\n")
        with stopped:
            assert ask(stopped.url, "SELECT 1") == [1]
        assert stranger.poll() is None
        stranger.kill()


def test_a_deep_directory_with_any_characters_serves(tmp_path: Path) -> None:
    """Socket paths are short and plain whatever the data directory is called, and nothing stays behind in /tmp."""
    server = EmbeddedPostgres(tmp_path / "a b'\"é" / ("x" * 120), durable=False)
    with server:
        assert ask(server.url, "SELECT 1") == [1]
        place = Path(server.url.partition("host=")[2])
        assert place.is_dir()
    assert not place.exists()
