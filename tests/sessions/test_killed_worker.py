"""Test 14 of the session protocol: a worker is killed between the commit of a revocation and its tombstone."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx
import pytest

from hybrid_auth.core.tokens import random_token
from hybrid_auth.embedded.port import reserve_port
from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.proxy import Proxy, redis_proxy
from tests.support.service import CHEAP_ARGON2, Client, Person
from tests.support.workers import Workers, eventually, open_workers


@dataclass(slots=True)
class Process:
    """`hybrid-auth serve`, and what it reaches Redis through."""

    popen: "subprocess.Popen[bytes]"
    redis: Proxy
    http: httpx.AsyncClient

    async def sign_in(self, person: Person) -> Client:
        client = Client(self.http, native=True)
        await client.sign_in(person)
        return client


@asynccontextmanager
async def serve(settings: dict[str, str], directory: Path) -> AsyncIterator[Process]:
    """A worker in a process of its own."""
    url = settings["public_url"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HYBRID_AUTH_")}
    async with (
        redis_proxy(settings["redis_url"]) as (proxy, through),
        httpx.AsyncClient(base_url=url) as http,
    ):
        env = {f"HYBRID_AUTH_{name.upper()}": value for name, value in {**settings, "redis_url": through}.items()}
        program = str(Path(sys.executable).with_name("hybrid-auth"))
        command = [program, "serve", "--port", url.rpartition(":")[2]]
        with (
            (directory / "server.log").open("wb") as log,
            _start(command, directory, {**clean, **env}, log) as popen,
        ):

            async def ready() -> object:
                try:
                    return (await http.get("/auth/health")).status_code
                except httpx.TransportError:
                    assert popen.poll() is None, (directory / "server.log").read_text()
                    return None

            try:
                await eventually(ready, 200, within=30)
                yield Process(popen, proxy, http)
            finally:
                popen.kill()


def _start(command: list[str], directory: Path, env: dict[str, str], log: BinaryIO) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, cwd=directory, env=env, stdout=log, stderr=log)


@pytest.fixture(scope="module")
def settings(module_database_url: str, redis_server: EmbeddedRedis) -> dict[str, str]:
    """What all workers share."""
    with reserve_port("127.0.0.1", 0) as reserved:
        port = reserved.getsockname()[1]
    return {
        "database_url": module_database_url,
        "redis_url": redis_server.url,
        "public_url": f"http://localhost:{port}",
        "secret_keys": random_token(),
        "argon2": CHEAP_ARGON2,
    }


@pytest.fixture(scope="module")
async def workers(settings: dict[str, str]) -> AsyncIterator[Workers]:
    """The workers that survive."""
    others = {name: value for name, value in settings.items() if name not in ("database_url", "redis_url")}
    async with open_workers(settings["database_url"], settings["redis_url"], **others) as running:
        yield running


@pytest.mark.parametrize(
    ("method", "path", "effect"),
    [
        ("POST", "/auth/logout", b"EVALSHA"),
        ("POST", "/auth/logout-all", b"DEL"),
        ("DELETE", "/auth/me", b"DEL"),
    ],
)
async def test_14_killed_between_commit_and_tombstone(
    workers: Workers, settings: dict[str, str], tmp_path: Path, method: str, path: str, effect: bytes
) -> None:
    """What was committed is dead on every other worker within two seconds, though the one who did it is gone."""
    person = await workers.first.service.person()
    async with serve(settings, tmp_path) as process:
        client = await process.sign_in(person)
        copies = [worker.service.native() for worker in workers]
        for copy in copies:
            copy.access_token, copy.refresh_token = client.access_token, client.refresh_token
            assert await copy.is_signed_in()
        assert await client.is_signed_in()
        trap = process.redis.trap("request", b"\r\n" + effect + b"\r\n")
        sign_out = asyncio.create_task(client.send(method, path, {} if path == "/auth/logout-all" else None))
        await trap.caught()
        living = f"SELECT count(*) FROM hybrid_auth_sessions WHERE user_id = '{person.id}' AND revoked_at IS NULL"  # noqa: S608
        assert await workers.first.service.rows(living) == [(0,)]
        process.popen.kill()
        trap.cut()
        with pytest.raises(httpx.TransportError):
            await sign_out
        for copy in copies:
            await eventually(copy.is_signed_in, False, within=2)
            assert (await copy.get("/auth/me")).json()["code"] == "session_revoked"
            assert (await copy.refresh()).json()["code"] == "invalid_refresh_token"
