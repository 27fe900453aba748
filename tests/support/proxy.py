"""A proxy before a store, for one worker: what passes can be held, let go or cut, in either direction."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from sqlalchemy.engine import make_url

CHUNK = 1 << 16
PATIENCE = 10.0
"""Seconds to wait for something that should happen at once."""


@dataclass(slots=True, eq=False)
class Link:
    """One connection of the worker, in its two halves."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    sent: bytearray = field(default_factory=bytearray)
    """What the worker sent since its last COMMIT or ROLLBACK."""
    due: "Trap | None" = None
    """Holds the next thing the store says."""

    def close(self) -> None:
        for writer in (self.client, self.server):
            writer.close()


@dataclass(slots=True, eq=False)
class Trap:
    """Catches the first thing that fits, and holds its connection in that direction until told what to do.

    `what`: a ``request`` before the store sees it, a ``reply`` by what it says, or the ``answer`` to a request that
    the store has already carried out. `after`: bytes that this transaction of the worker must have sent before.
    """

    what: Literal["request", "reply", "answer"]
    containing: bytes
    after: bytes = b""
    _caught: asyncio.Event = field(default_factory=asyncio.Event)
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _link: Link | None = None

    @property
    def sprung(self) -> bool:
        return self._caught.is_set()

    async def caught(self) -> None:
        """Wait until something is in it."""
        async with asyncio.timeout(PATIENCE):
            await self._caught.wait()

    def release(self) -> None:
        """Let it pass."""
        self._open.set()

    def cut(self) -> None:
        """Close the connection instead; what was caught never arrives."""
        assert self._link is not None
        self._link.close()
        self._open.set()

    async def hold(self, link: Link) -> None:
        self._link = link
        self._caught.set()
        await self._open.wait()

    def fits(self, what: str, data: bytes, link: Link) -> bool:
        return self.what == what and not self.sprung and self.containing in data and self.after in link.sent


class Proxy:
    """Listens on a Unix socket and passes everything on to another one."""

    def __init__(self, upstream: Path, listen: Path) -> None:
        self._upstream = upstream
        self.path = listen
        self.requests = 0
        """Packets the worker sent; each command of a `RedisNode` is one."""
        self.reachable = True
        self._links: set[Link] = set()
        self._traps: list[Trap] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    def trap(self, what: Literal["request", "reply", "answer"], containing: bytes, *, after: bytes = b"") -> Trap:
        """Set a trap; see `Trap`."""
        trap = Trap(what, containing, after)
        self._traps.append(trap)
        return trap

    def cut(self) -> None:
        """The store is out of reach: open connections end, new ones are refused."""
        self.reachable = False
        for link in self._links:
            link.close()

    def mend(self) -> None:
        self.reachable = True

    @contextmanager
    def away(self) -> Iterator[None]:
        """Cut for a while."""
        self.cut()
        try:
            yield
        finally:
            self.mend()

    async def start(self) -> Self:
        self._server = await asyncio.start_unix_server(self._accept, self.path)
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        for trap in self._traps:
            trap.release()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.reachable:
            writer.close()
            return
        try:
            upstream, server = await asyncio.open_unix_connection(self._upstream)
        except OSError:
            writer.close()
            return
        link = Link(writer, server)
        self._links.add(link)
        for pump in (self._up(reader, link), self._down(upstream, link)):
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _up(self, reader: asyncio.StreamReader, link: Link) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                self.requests += 1
                link.sent += data
                if trap := self._fitting("request", data, link):
                    await trap.hold(link)
                link.due = link.due or self._fitting("answer", data, link)
                if b"COMMIT" in data or b"ROLLBACK" in data:
                    link.sent.clear()
                link.server.write(data)
                await link.server.drain()
        self._end(link)

    async def _down(self, reader: asyncio.StreamReader, link: Link) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                trap, link.due = link.due or self._fitting("reply", data, link), None
                if trap is not None:
                    await trap.hold(link)
                link.client.write(data)
                await link.client.drain()
        self._end(link)

    def _fitting(self, what: str, data: bytes, link: Link) -> Trap | None:
        return next((trap for trap in self._traps if trap.fits(what, data, link)), None)

    def _end(self, link: Link) -> None:
        link.close()
        self._links.discard(link)


@asynccontextmanager
async def postgres_proxy(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy before the PostgreSQL behind this URL (on a Unix socket), and the URL that leads through it."""
    parsed = make_url(url)
    directory = Path(tempfile.mkdtemp(prefix="ha-proxy-"))
    name = ".s.PGSQL.5432"
    proxy = await Proxy(Path(str(parsed.query["host"])) / name, directory / name).start()
    through = parsed.set(query={"host": str(directory)}).render_as_string(hide_password=False)
    try:
        yield proxy, through.replace("%2F", "/")
    finally:
        await proxy.stop()
        shutil.rmtree(directory)


@asynccontextmanager
async def redis_proxy(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """The same for Redis."""
    directory = Path(tempfile.mkdtemp(prefix="ha-proxy-"))
    proxy = await Proxy(Path(url.removeprefix("unix://").partition("?")[0]), directory / "redis.sock").start()
    try:
        yield proxy, f"unix://{proxy.path}?db=0"
    finally:
        await proxy.stop()
        shutil.rmtree(directory)
