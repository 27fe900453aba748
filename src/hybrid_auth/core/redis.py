"""One Redis node, and what proves that it is still the same one."""

import asyncio
from collections.abc import Callable, Sequence
from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from hybrid_auth.core.errors import Unavailable

EPOCH_KEY = "ha:epoch"
"""A number an operator may bump after loading an old dump into a running Redis."""

Argument = str | bytes | int
Command = Callable[[str], Sequence[Argument]]


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


class RedisNode:
    """Commands on connections whose epoch is known.

    The epoch is read on every new connection. Where it differs from the one before, the node was restarted, restored
    or replaced: its older connections are closed, and records written under the older epoch stop to count. No command
    is ever retried on another connection behind our back.
    """

    def __init__(self, url: str, *, timeout: float = 2.0, max_connections: int = 64) -> None:
        self.epoch = ""
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

    async def _on_connect(self, connection: Connection) -> None:
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        server: bytes = await connection.read_response()
        await connection.send_command("INFO", "replication")
        replication: bytes = await connection.read_response()
        await connection.send_command("GET", EPOCH_KEY)
        number: bytes | None = await connection.read_response()
        epoch = epoch_of((server + b"\n" + replication).decode(), number)
        if epoch != self.epoch:
            self.epoch = epoch
            await self._pool.disconnect(inuse_connections=False)

    async def command(self, *arguments: Argument) -> Any:
        """Run one command; Unavailable where the node cannot be reached."""
        return await self.run(lambda _: arguments)

    async def evaluate(
        self, script: Script, keys: Sequence[str], arguments: Callable[[str], Sequence[Argument]]
    ) -> Any:
        """Run one script; `arguments` is told the epoch of the connection it will run on."""

        def by_digest(epoch: str) -> Sequence[Argument]:
            return ("EVALSHA", script.digest, len(keys), *keys, *arguments(epoch))

        def by_source(epoch: str) -> Sequence[Argument]:
            return ("EVAL", script.source, len(keys), *keys, *arguments(epoch))

        try:
            return await self.run(by_digest)
        except NoScriptError:
            return await self.run(by_source)

    async def run(self, command: Command) -> Any:
        """Run the command made for the epoch of the very connection that carries it."""
        try:
            connection: Connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
            try:
                await connection.send_command(*command(self.epoch))
                return await connection.read_response()
            except ResponseError:
                raise
            except BaseException:
                # Cancelled or broken half-way: an unread reply must never answer the next command.
                await asyncio.shield(connection.disconnect(nowait=True))
                raise
            finally:
                await self._pool.release(connection)
        except ResponseError:
            raise
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable from error

    async def aclose(self) -> None:
        await self._pool.aclose()
