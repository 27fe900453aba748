"""The embedded Redis."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, ConnectionError, TimeoutError
from redis.retry import Retry

from hybrid_auth.embedded.directory import EmbeddedStoreError
from hybrid_auth.embedded.port import PortInUse, reserve_port
from hybrid_auth.embedded.redis import EmbeddedRedis

Start = Callable[..., EmbeddedRedis]


def client(url: str) -> Redis:
    """A client that gives up at once."""
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=0.5, decode_responses=True)


def test_data_survives_stop_and_start(start_redis: Start) -> None:
    """An orderly stop loses nothing, and the URL stays the same."""
    server = start_redis(durable=True)
    url = server.url
    client(url).set("key", "value")
    server.stop()
    with pytest.raises(ConnectionError):
        client(url).ping()
    server.start()
    assert server.url == url
    assert client(url).get("key") == "value"


def test_the_socket_is_for_this_user_only(start_redis: Start) -> None:
    """It lies in a directory of mode 0700 and is itself 0700; no TCP port is open."""
    server = start_redis()
    socket = Path(server.url.removeprefix("unix://").partition("?")[0])
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert client(server.url).config_get("port") == {"port": "0"}


def test_a_tcp_port_wants_the_password(start_redis: Start, free_port: Callable[[], int]) -> None:
    """Every user of the machine reaches the port, so it is locked; the password is in no command line."""
    port = free_port()
    server = start_redis(port=port)
    assert client(server.url).ping()
    with pytest.raises(AuthenticationError):
        client(f"redis://127.0.0.1:{port}/0").ping()
    assert server.password.encode() not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
    assert stat.S_IMODE((server.directory.path / "redis.conf").stat().st_mode) == 0o600


def test_kill_and_pause(start_redis: Start, free_port: Callable[[], int]) -> None:
    """A paused server accepts and does not answer; a killed one is gone and can be started again on the same URL."""
    server = start_redis(port=free_port())
    server.pause()
    with pytest.raises(TimeoutError):
        client(server.url).ping()
    server.resume()
    assert client(server.url).ping()
    server.kill()
    assert not server.running
    with pytest.raises(ConnectionError):
        client(server.url).ping()
    server.start()
    assert client(server.url).ping()


def test_a_paused_server_can_be_stopped(start_redis: Start) -> None:
    """Stopping wakes it first."""
    server = start_redis()
    server.pause()
    server.stop()
    assert not server.running


def test_a_taken_port_is_one_sentence(start_redis: Start) -> None:
    """Nothing is started and the data is unlocked again."""
    with reserve_port("127.0.0.1", 0) as taken, pytest.raises(PortInUse, match=r"is in use"):
        start_redis(port=taken.getsockname()[1])


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    """Redis' own reason is passed on, with a way out."""
    server = EmbeddedRedis(tmp_path / "redis")
    server.start()
    server.stop()
    (server.directory.path / "appendonly.aof").write_bytes(b"this is no append-only file\r\n")
    with pytest.raises(EmbeddedStoreError, match=r"^Redis does not start on .*: Bad file format.*--reset\.$"):
        server.start()


def test_a_deep_directory_with_any_characters_serves(tmp_path: Path) -> None:
    """Socket paths are short and plain whatever the data directory is called, and nothing stays behind in /tmp."""
    server = EmbeddedRedis(tmp_path / "a b'\"é" / ("x" * 120), durable=False)
    with server:
        assert client(server.url).ping()
        place = Path(server.url.removeprefix("unix://").partition("?")[0]).parent
        assert place.is_dir()
    assert not place.exists()
