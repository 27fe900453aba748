"""What a request costs beside a bare Litestar handler, in process: no network, one core, real stores.

    make bench

The kinds of request take turns, so that whatever else the machine does hits all alike. Figures are the medians of
many short rounds; the ratio to the bare handler of the same run is what carries over to other machines.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from litestar import Litestar, get
from rich.console import Console
from rich.progress import track
from rich.table import Table

from hybrid_auth.app import create_app
from hybrid_auth.development import DEMO_EMAIL, DEMO_PASSWORD, make_demo_user
from hybrid_auth.embedded.dev import DevStores, dev_secrets
from hybrid_auth.migrations import upgrade
from hybrid_auth.settings import load_settings

Run = Callable[[], Awaitable[None]]


@get("/bare")
async def bare() -> dict[str, str]:
    return {"message": "Hello"}


class Caller:
    """Sends one kind of request to an ASGI application, without a network."""

    def __init__(self, app: Any, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> None:
        self._app = app
        self._body = body
        raw = [(b"host", b"localhost"), *((k.encode(), v.encode()) for k, v in headers.items())]
        if body:
            raw += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": raw,
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 80),
        }
        self.status = 0
        self.answer = b""

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.answer = message.get("body", b"")

    async def __call__(self) -> None:
        await self._app(dict(self._scope, state={}), self.receive, self.send)
        if self.status != 200:
            raise RuntimeError(f"{self._scope['path']} answered {self.status}: {self.answer!r}")


async def measure(stores: DevStores, *, rounds: int) -> Table:
    """One table of medians."""
    settings = load_settings(
        {},
        env_file=None,
        defaults={
            "HYBRID_AUTH_DATABASE_URL": stores.database_url or "",
            "HYBRID_AUTH_REDIS_URL": stores.redis_url or "",
            "HYBRID_AUTH_SECRET_KEYS": dev_secrets(stores.path),
        },
    )
    app, plain = create_app(settings), Litestar([bare], openapi_config=None, logging_config=None)
    services = app.state.hybrid_auth
    async with app.lifespan(), plain.lifespan():
        await make_demo_user(services, settings)
        credentials = json.dumps({"email": DEMO_EMAIL, "password": DEMO_PASSWORD, "client": "native"}).encode()
        login = Caller(app, "POST", "/auth/login", headers={}, body=credentials)
        await login()
        tokens = json.loads(login.answer)
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        refresh_token = tokens["refresh_token"]

        async def refresh() -> None:
            nonlocal refresh_token
            call = Caller(
                app, "POST", "/auth/refresh", headers={}, body=json.dumps({"refresh_token": refresh_token}).encode()
            )
            await call()
            refresh_token = json.loads(call.answer)["refresh_token"]

        async def raw_hash() -> None:
            await services.hasher.hash(DEMO_PASSWORD)

        kinds: dict[str, tuple[Run, int]] = {
            "bare Litestar handler": (Caller(plain, "GET", "/bare", headers=bearer), 200),
            "GET /api/data, guarded": (Caller(app, "GET", "/api/data", headers=bearer), 100),
            "GET /auth/me": (Caller(app, "GET", "/auth/me", headers=bearer), 100),
            "POST /auth/refresh": (refresh, 50),
            "Argon2id alone": (raw_hash, 2),
            "POST /auth/login": (login, 2),
        }
        return _table(await _rounds(kinds, rounds))


async def _rounds(kinds: Mapping[str, tuple[Run, int]], rounds: int) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in track(range(rounds), description="Measuring"):
        for name, (run, times) in kinds.items():
            begun = time.perf_counter()
            for _ in range(times):
                await run()
            seconds[name].append((time.perf_counter() - begun) / times)
    return {name: statistics.median(found) for name, found in seconds.items()}


def _table(medians: Mapping[str, float]) -> Table:
    baseline = medians["bare Litestar handler"]
    table = Table("request", "median µs", "of the bare handler's rate", title="In process, one after the other")
    for name, seconds in medians.items():
        table.add_row(name, f"{seconds * 1e6:,.0f}", f"{baseline / seconds:.3f}")
    return table


def main() -> None:
    """Start real stores, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory, DevStores(Path(directory), postgres=True, redis=True) as stores:
        upgrade(stores.database_url or "")
        Console().print(asyncio.run(measure(stores, rounds=rounds)))


if __name__ == "__main__":
    main()
