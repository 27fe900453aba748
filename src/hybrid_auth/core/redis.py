"""One Redis node, and what proves that it is still the same one."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files
from typing import Any
from weakref import WeakKeyDictionary

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from hybrid_auth.core.errors import Unavailable

EPOCH_KEY = "ha:epoch"
"""A number an operator may bump after loading an old dump into a running Redis."""

CONNECT_ATTEMPTS = 4
"""New connections to a node that becomes another one each time, before that counts as an outage."""

_CODES = re.compile(r"\b(READONLY|MISCONF|OOM|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|BUSY|NOAUTH|NOPERM)\b")

Argument = str | bytes | int


class Script:
    """A Lua script that stands in a file beside its module."""

    def __init__(self, package: str, name: str) -> None:
        self.source = files(package).joinpath(f"{name}.lua").read_bytes()
        # Redis names a script by the SHA-1 of its source; nothing secret depends on it.
        self.digest = sha1(self.source, usedforsecurity=False).hexdigest()


def epoch_of(info: str, number: bytes | None) -> str:
    """The identity of a node's data: run id, replication id, and the operator's number (SESSION_PROTOCOL, Terms)."""
    fields = dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
    return f"{fields['run_id'][:16]}.{fields['master_replid'][:16]}.{(number or b'0').decode()}"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a node answered, and the epoch of the connection it came over."""

    value: Any
    epoch: str


class RedisNode:
    """Commands on connections whose epoch is known.

    The epoch is read on every new connection. Where it differs from the one before, the node was restarted, restored
    or replaced: connections of the older epoch are closed, and records written under it stop to count. No command is
    ever retried on another connection behind our back.
    """

    def __init__(self, url: str, *, timeout: float = 2.0, max_connections: int = 64) -> None:
        self._newest = ""
        self._epochs: WeakKeyDictionary[AbstractConnection, str] = WeakKeyDictionary()
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=max_connections,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            redis_connect_func=self._on_connect,
            protocol=2,
        )

    async def _on_connect(self, connection: AbstractConnection) -> None:
        try:
            await connection.on_connect()
            await connection.send_command("INFO", "server")
            server: bytes = await connection.read_response()
            await connection.send_command("INFO", "replication")
            replication: bytes = await connection.read_response()
            await connection.send_command("GET", EPOCH_KEY)
            number: bytes | None = await connection.read_response()
        except BaseException:
            # redis-py 8.1 closes it as well; we do not rely on it: a late reply must never answer another command.
            await connection.disconnect(nowait=True)
            raise
        epoch = epoch_of((server + b"\n" + replication).decode(), number)
        self._epochs[connection] = self._newest = epoch

    async def command(self, *arguments: Argument) -> Reply:
        """Run one command; Unavailable where the node cannot be reached."""
        return await self._run(lambda _: arguments)

    async def evaluate(
        self, script: Script, keys: Sequence[str], arguments: Callable[[str], Sequence[Argument]]
    ) -> Reply:
        """Run one script; `arguments` is told the epoch of the connection it will run on."""

        def by_digest(epoch: str) -> Sequence[Argument]:
            return ("EVALSHA", script.digest, len(keys), *keys, *arguments(epoch))

        def by_source(epoch: str) -> Sequence[Argument]:
            return ("EVAL", script.source, len(keys), *keys, *arguments(epoch))

        try:
            return await self._run(by_digest)
        except NoScriptError:
            return await self._run(by_source)

    async def _run(self, command: Callable[[str], Sequence[Argument]]) -> Reply:
        try:
            connection = await self._connection()
            try:
                epoch = self._epochs[connection]
                await connection.send_command(*command(epoch))
                return Reply(await connection.read_response(), epoch)
            except ResponseError as error:
                if _cannot_serve(error):
                    # Perhaps it is no primary any more: a new connection asks who it is.
                    await connection.disconnect(nowait=True)
                raise
            except BaseException:
                # Cancelled or broken half-way: an unread reply must never answer the next command.
                await connection.disconnect(nowait=True)
                raise
            finally:
                await self._pool.release(connection)
        except ResponseError as error:
            if not _cannot_serve(error):
                raise
            raise Unavailable from error
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable from error

    async def _connection(self) -> AbstractConnection:
        """A connection of the newest epoch; older ones lead to a node that is not the one in force any more."""
        for _ in range(CONNECT_ATTEMPTS):
            connection: AbstractConnection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
            if self._epochs.get(connection) == self._newest:
                return connection
            await connection.disconnect(nowait=True)
            await self._pool.release(connection)
        raise Unavailable

    async def aclose(self) -> None:
        await self._pool.aclose()


def _cannot_serve(error: ResponseError) -> bool:
    """Whether the node is there and cannot do its work now; any other refusal is a mistake in a command of ours."""
    # Redis before 7 words it differently inside a script, and redis-py cuts off the codes it has a class for.
    return isinstance(error, ReadOnlyError | OutOfMemoryError | NoPermissionError) or bool(_CODES.search(str(error)))
