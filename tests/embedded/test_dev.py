"""The data directory of `dev`: its stores, its secret, its end."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from hybrid_auth.embedded.dev import DevStores, dev_secrets, wipe
from hybrid_auth.embedded.directory import EmbeddedStoreError
from hybrid_auth.embedded.lifeline import descendants
from hybrid_auth.embedded.process import is_running, wait_gone
from tests.support.stores import ask

_RUN = """
import pathlib, sys
from hybrid_auth.embedded.dev import DevStores
with DevStores(pathlib.Path(sys.argv[1]), postgres=True, redis=True) as stores:
    print(stores.database_url, stores.redis_url, flush=True)
    try:
        sys.stdin.read()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
print("stopped", flush=True)
"""


@contextmanager
def running(data: Path) -> Iterator[tuple["subprocess.Popen[str]", str, str]]:
    """A process that holds the stores, and their URLs."""
    arguments = [sys.executable, "-c", _RUN, str(data)]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        database_url, redis_url = process.stdout.readline().split()
        try:
            yield process, database_url, redis_url
        finally:
            process.kill()


def test_both_run_and_keep_their_data(tmp_path: Path) -> None:
    """Started twice on the same directory, both still have what they were given."""
    for turn in (1, 2):
        with DevStores(tmp_path / "data", postgres=True, redis=True) as stores:
            assert stores.database_url is not None
            assert stores.redis_url is not None
            ask(stores.database_url, f"CREATE TABLE t{turn} ()")
            with Redis.from_url(stores.redis_url) as redis:
                assert redis.incr("turn") == turn
    with pytest.raises(EmbeddedStoreError, match=r"not running"):
        _ = DevStores(tmp_path / "data", postgres=True, redis=True).database_url


def test_only_what_is_asked_for_is_started(tmp_path: Path) -> None:
    """With a database of one's own only Redis is embedded."""
    with DevStores(tmp_path / "data", postgres=False, redis=True) as stores:
        assert stores.database_url is None
        assert not (tmp_path / "data" / "postgres").exists()


def test_two_on_different_data_start_at_the_same_time(tmp_path: Path) -> None:
    """Nothing is shared between them, neither a port nor a name."""

    def run(name: str) -> str | None:
        with DevStores(tmp_path / name, postgres=True, redis=True) as stores:
            return stores.database_url

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(run, ["one", "two"])
    assert first != second


def test_a_broken_store_stops_the_other(tmp_path: Path) -> None:
    """Where PostgreSQL cannot start, Redis does not stay behind, and the directory is unlocked."""
    data = tmp_path / "data"
    with DevStores(data, postgres=True, redis=True):
        pass
    (data / "postgres" / "cluster" / "PG_VERSION").write_text("?")
    before = set(descendants(os.getpid()))
    with pytest.raises(EmbeddedStoreError, match=r"is damaged: PG_VERSION holds no version"):
        DevStores(data, postgres=True, redis=True).__enter__()
    assert set(descendants(os.getpid())) <= before
    wipe(data)


def test_a_killed_parent_leaves_nothing_running(tmp_path: Path) -> None:
    """After SIGKILL the servers end by themselves, in order, and the next start finds all that was committed."""
    data = tmp_path / "data"
    with running(data) as (process, database_url, redis_url):
        ask(database_url, "CREATE TABLE t AS SELECT 7 AS n")
        with Redis.from_url(redis_url) as redis:
            redis.set("key", "value")
        family = descendants(process.pid)
        assert len(family) >= 4
        process.kill()
        process.wait()
        assert all(wait_gone(pid, seconds=10) for pid in family)
    with DevStores(data, postgres=True, redis=True) as stores:
        assert stores.database_url is not None
        assert stores.redis_url is not None
        assert ask(stores.database_url, "SELECT n FROM t") == [7]
        with Redis.from_url(stores.redis_url) as redis:
            assert redis.get("key") == b"value"


def test_servers_left_behind_are_ended_by_the_next_start(tmp_path: Path) -> None:
    """Where everything but the servers was killed, the next start on the data ends them first."""
    data = tmp_path / "data"
    with running(data) as (process, database_url, _):
        ask(database_url, "CREATE TABLE t AS SELECT 7 AS n")
        guardians = [pid for pid in descendants(process.pid) if b"lifeline.py" in _command(pid)]
        left = [int((data / store / "server.pid").read_text()) for store in ("postgres", "redis")]
        for pid in (*guardians, process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()
        assert all(is_running(pid) for pid in left)
    with DevStores(data, postgres=True, redis=True) as stores:
        assert not any(is_running(pid) for pid in left)
        assert stores.database_url is not None
        assert ask(stores.database_url, "SELECT n FROM t") == [7]


def test_wipe_ends_servers_left_behind(tmp_path: Path) -> None:
    """`--reset` does not pull the files from under a running server."""
    data = tmp_path / "data"
    with running(data) as (process, _, _):
        guardians = [pid for pid in descendants(process.pid) if b"lifeline.py" in _command(pid)]
        left = [int((data / store / "server.pid").read_text()) for store in ("postgres", "redis")]
        for pid in (*guardians, process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()
    wipe(data)
    assert not data.exists()
    assert not any(is_running(pid) for pid in left)


def test_a_parent_killed_while_the_data_is_made(tmp_path: Path) -> None:
    """Half-made data is neither used nor in the way."""
    data = tmp_path / "data"
    arguments = [sys.executable, "-c", _RUN, str(data)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        while not (data / "postgres" / "cluster.new" / "PG_VERSION").exists():
            assert process.poll() is None
        process.kill()
    assert not (data / "postgres" / "cluster").exists()
    with DevStores(data, postgres=True, redis=True) as stores:
        assert stores.database_url is not None


def test_an_interrupt_reaches_us_and_not_the_servers(tmp_path: Path) -> None:
    """Ctrl-C goes to the terminal's process group: we get it and stop the servers in our own time."""
    with running(tmp_path / "data") as (process, _, _):
        family = descendants(process.pid)
        assert all(os.getpgid(pid) != os.getpgid(process.pid) for pid in family)
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.read() == "interrupted\nstopped\n"
        assert process.wait(10) == 0
        assert not any(is_running(pid) for pid in family)


def test_a_second_copy_is_refused(tmp_path: Path) -> None:
    """Neither a second start nor a wipe touches data that is in use."""
    with running(tmp_path / "data") as (process, _, _):
        words = rf"^hybrid-auth is already running on this data, .* \(pid {process.pid}\)\.$"
        with pytest.raises(EmbeddedStoreError, match=words):
            DevStores(tmp_path / "data", postgres=True, redis=True).__enter__()
        with pytest.raises(EmbeddedStoreError, match=words):
            wipe(tmp_path / "data")


def test_the_secret_is_made_once_and_private(tmp_path: Path) -> None:
    """Sessions survive a restart; the file is of mode 0600; it may be asked for before and within."""
    data = tmp_path / "data"
    secret = dev_secrets(data)
    assert len(secret) == 43
    with DevStores(data, postgres=False, redis=False):
        assert dev_secrets(data) == secret
    assert stat.S_IMODE((data / "secret_key").stat().st_mode) == 0o600
    assert sorted(os.listdir(data)) == ["hybrid-auth.lock", "secret_key"]


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 60])
def test_a_damaged_secret_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    """Never a weak key in silence."""
    dev_secrets(tmp_path / "data")
    (tmp_path / "data" / "secret_key").write_bytes(content)
    with pytest.raises(EmbeddedStoreError, match=r"The secret in .*--reset\.$"):
        dev_secrets(tmp_path / "data")


def test_wipe_deletes_only_what_is_ours(tmp_path: Path) -> None:
    """A stranger's directory is refused; a stranger's file within ours stays; links are cut, not followed."""
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").touch()
    with pytest.raises(EmbeddedStoreError, match=r"holds files that hybrid-auth did not make"):
        wipe(tmp_path / "thesis")
    data = tmp_path / "data"
    dev_secrets(data)
    (data / "note.txt").touch()
    (data / "redis").symlink_to(tmp_path / "thesis")
    wipe(data)
    assert os.listdir(data) == ["note.txt"]
    assert os.listdir(tmp_path / "thesis") == ["chapter.txt"]
    wipe(tmp_path / "nothing-there")
    assert not (tmp_path / "nothing-there").exists()


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
