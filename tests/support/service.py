"""The service inside the test process: real stores, a clock that stands still, mails kept, and clients to call it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self, cast
from uuid import UUID, uuid4

import httpx
from litestar import Litestar
from redis.asyncio import Redis
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from hybrid_auth.app import create_app
from hybrid_auth.core.database import Transaction
from hybrid_auth.core.secretbox import SecretBox
from hybrid_auth.dependencies import Services
from hybrid_auth.mail.outbox import MailOutbox
from hybrid_auth.passwords.repository import PasswordRows
from hybrid_auth.settings import Settings, load_settings

PASSWORD = "seven quiet herons at dusk"
"""Long, and in no list: accepted by the default policy."""
OTHER_PASSWORD = "a violin beneath the staircase"
ORIGIN = "http://localhost:8001"
SECRET_KEY = "test-suite-key-0123456789-abcdefghij"
CHEAP_ARGON2 = "3,12288,1"
MAIL_SECONDS = 10

_statements: ContextVar[list[str] | None] = ContextVar("statements", default=None)


class FixedClock:
    """A clock that stands still until it is told to advance."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self._now

    def advance(self, **duration: float) -> None:
        """Forward by ``timedelta(**duration)``."""
        self._now += timedelta(**duration)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as its recipient gets it."""

    recipient: str
    subject: str
    text: str

    @property
    def token(self) -> str:
        """The token of the link in it."""
        found = re.search(r"#token=(\S+)", self.text)
        assert found, f"no link in: {self.text}"
        return found[1]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    id: UUID
    email: str
    password: str

    @property
    def credentials(self) -> dict[str, str]:
        """The body of a sign-in."""
        return {"email": self.email, "password": self.password}


@dataclass(slots=True)
class Client:
    """One HTTP client: a browser (cookie jar and `Origin`) or a native one, with the tokens it was handed."""

    http: httpx.AsyncClient
    native: bool
    access_token: str | None = None
    refresh_token: str | None = None
    session_id: str = ""

    async def send(
        self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """A request with the access token, if there is one, and `body` as JSON, if there is one."""
        bearer = {"authorization": f"Bearer {self.access_token}"} if self.access_token else {}
        content = {} if body is None else {"json": body}
        return await self.http.request(method, path, headers={**bearer, **(headers or {})}, **content)  # type: ignore[arg-type]

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.send("GET", path, headers=headers)

    async def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        return await self.send("POST", path, body, headers=headers)

    async def patch(self, path: str, body: object = None) -> httpx.Response:
        return await self.send("PATCH", path, body)

    async def delete(self, path: str) -> httpx.Response:
        return await self.send("DELETE", path)

    async def sign_in(self, person: Person) -> httpx.Response:
        """Sign in, and keep what was handed out."""
        answer = await self.http.post("/auth/login", json={**person.credentials, **self._kind})
        assert answer.status_code == 200, answer.text
        self.keep(answer)
        return answer

    async def refresh(self) -> httpx.Response:
        """Refresh by this client's own transport, and keep what was handed out."""
        body = {"refresh_token": self.refresh_token} if self.native else None
        answer = await self.post("/auth/refresh", body)
        if answer.status_code == 200:
            self.keep(answer)
        return answer

    def keep(self, answer: httpx.Response) -> None:
        """Remember the tokens of an answer."""
        result = answer.json()
        self.access_token = result["access_token"]
        self.session_id = result.get("session", {}).get("id", self.session_id)
        self.refresh_token = result.get("refresh_token") if self.native else self.cookie

    async def is_signed_in(self) -> bool:
        """Whether the access token opens a guarded route."""
        return (await self.get("/auth/me")).status_code == 200

    @property
    def cookie(self) -> str | None:
        """The refresh cookie in the jar."""
        return next((c.value for c in self.http.cookies.jar if c.name in ("refresh", "__Host-refresh")), None)

    @property
    def _kind(self) -> dict[str, str]:
        return {"client": "native"} if self.native else {}


@dataclass(slots=True)
class Service:
    """A running service and what a test wants to know of it."""

    app: Litestar
    settings: Settings
    clock: FixedClock
    mails: list[Mail] = field(default_factory=list)
    _clients: list[httpx.AsyncClient] = field(default_factory=list)
    _hashes: dict[str, str] = field(default_factory=dict)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def services(self) -> Services:
        services: Services = self.app.state.hybrid_auth
        return services

    @property
    def engine(self) -> AsyncEngine:
        engine: AsyncEngine = self.services.config.session_maker.kw["bind"]
        return engine

    def http(self, **options: Any) -> httpx.AsyncClient:
        """A bare client: no header of ours; an exception in the application is a 500, as on a server."""
        # httpx calls a scope a mapping, Litestar a typed dictionary; it is the same object.
        application = cast("Callable[..., Awaitable[None]]", self.app)
        transport = httpx.ASGITransport(application, raise_app_exceptions=False, client=("203.0.113.7", 4321))
        client = httpx.AsyncClient(transport=transport, base_url=self.settings.public_url, **options)
        self._clients.append(client)
        return client

    def browser(
        self, user_agent: str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    ) -> Client:
        headers = {"origin": self.settings.public_url, "sec-fetch-site": "same-origin", "user-agent": user_agent}
        return Client(self.http(headers=headers), native=False)

    def native(self) -> Client:
        return Client(self.http(headers={"user-agent": "ExampleApp/1.0 (Linux)"}), native=True)

    async def person(self, *, verified: bool = True, password: str = PASSWORD, email: str | None = None) -> Person:
        """A new account, made past the HTTP calls."""
        email = email or f"{uuid4().hex}@example.org"
        if password not in self._hashes:
            self._hashes[password] = await self.services.hasher.hash(password)
        async with self.transaction() as transaction:
            user_id = await self.services.accounts.create(
                transaction, email=email, display_name="Kim Test", verified=verified
            )
            assert user_id is not None
            await PasswordRows(transaction).put(user_id, self._hashes[password], now=self.clock.now())
        return Person(user_id, email, password)

    async def signed_in(self, person: Person | None = None, *, native: bool = False) -> tuple[Person, Client]:
        """A client somebody is signed in at; somebody new where none is given."""
        person = person or await self.person()
        client = self.native() if native else self.browser()
        await client.sign_in(person)
        return person, client

    async def disable(self, person: Person) -> None:
        """Disable an account, as an administrator does: its sessions end."""
        async with self.transaction() as transaction:
            disable = text("UPDATE hybrid_auth_users SET disabled_at = now() WHERE id = :id")
            await transaction.execute(disable, {"id": person.id})
            await self.services.sessions.revoke_all(transaction, person.id, reason="disabled")

    def transaction(self) -> Transaction:
        return Transaction(self.services.config.session_maker)

    async def rows(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        """What one SELECT finds."""
        async with self.transaction() as transaction:
            return [tuple(row) for row in await transaction.execute(text(statement), parameters)]

    async def write(self, statement: str, **parameters: object) -> None:
        """One INSERT, UPDATE or DELETE, past the service."""
        async with self.transaction() as transaction:
            await transaction.execute(text(statement), parameters)

    async def password_hash(self, person: Person) -> str:
        """The stored hash."""
        [(found,)] = await self.rows("SELECT hash FROM hybrid_auth_passwords WHERE user_id = :id", id=person.id)
        return str(found)

    async def redis_keys(self, person: Person) -> list[str]:
        """What Redis holds of a person."""
        async with self.redis() as redis:
            return sorted([key async for key in redis.scan_iter(f"ha:{{{person.id.hex}}}:*")])

    def redis(self) -> Redis:
        """A connection to Redis, past the service."""
        return Redis.from_url(self.settings.redis_url or "", decode_responses=True)

    async def forget_redis_connections(self) -> None:
        """Close the service's connections to Redis, as a failover does; the next command opens new ones."""
        async with self.redis() as redis:
            own = await redis.client_id()
            for connection in await redis.client_list():
                if int(connection["id"]) != own:
                    await redis.client_kill_filter(_id=connection["id"])

    async def post_mails(self) -> None:
        """Let every mail leave now instead of at the sender's next round."""
        outbox = MailOutbox(SecretBox(self.settings.secret_keys), self.clock)
        for message in await outbox.take(self.services.config.session_maker):
            self.show_mail(message.recipient, message.subject, message.text)

    async def mails_to(self, recipient: str, *, count: int = 1) -> list[Mail]:
        """The first `count` mails to an address, or more, oldest first."""
        await self.post_mails()
        async with asyncio.timeout(MAIL_SECONDS):
            while len(found := [mail for mail in self.mails if mail.recipient == recipient]) < count:
                # The sender's own task may have taken it a moment ago and be about to show it.
                self._arrived.clear()
                await self._arrived.wait()
        return found

    def show_mail(self, recipient: str, subject: str, body: str) -> None:
        self.mails.append(Mail(recipient, subject, body))
        self._arrived.set()

    @contextmanager
    def counting(self) -> Iterator["Work"]:
        """Count the hashes and SQL statements of the requests inside."""
        work = Work()
        hashes, token = self.services.hasher.evaluations, _statements.set(work.statements)
        try:
            yield work
        finally:
            _statements.reset(token)
            work.hashes = self.services.hasher.evaluations - hashes

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            await client.aclose()


@dataclass(slots=True)
class Work:
    """What requests cost."""

    statements: list[str] = field(default_factory=list)
    hashes: int = 0


@asynccontextmanager
async def open_service(database_url: str, redis_url: str, **settings: str) -> AsyncIterator[Service]:
    """A running service; `settings` by field name, as text."""
    clock = FixedClock()
    defaults = {
        "database_url": database_url,
        "redis_url": redis_url,
        "secret_keys": SECRET_KEY,
        "public_url": ORIGIN,
        "allowed_hosts": "127.0.0.1",
        "argon2": CHEAP_ARGON2,
        **settings,
    }
    loaded = load_settings(
        {}, env_file=None, defaults={f"HYBRID_AUTH_{name.upper()}": value for name, value in defaults.items()}
    )

    def show_mail(recipient: str, subject: str, body: str) -> None:
        service.show_mail(recipient, subject, body)

    app = create_app(loaded, clock=clock, show_mail=show_mail)
    service = Service(app, loaded, clock)
    event.listen(service.engine.sync_engine, "before_cursor_execute", _note)
    async with _living(app), service:
        yield service


@asynccontextmanager
async def _living(app: Litestar) -> AsyncIterator[None]:
    """The application's lifespan in one task: pytest sets a fixture up in one and tears it down in another."""
    started, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await stop.wait()

    task = asyncio.create_task(live())
    starting = asyncio.create_task(started.wait())
    await asyncio.wait({task, starting}, return_when=asyncio.FIRST_COMPLETED)
    starting.cancel()
    if task.done():
        await task
    try:
        yield
    finally:
        stop.set()
        await task


def _note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
    """Background tasks have a context of their own, so only what a test's own requests run is noted."""
    noted = _statements.get()
    if noted is not None:
        noted.append(statement)


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, once it is a proper problem document (RFC 9457)."""
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["type"] == f"urn:hybrid-auth:problem:{document['code']}"
    assert document["title"]
    assert document["detail"]
    assert document.keys() <= {
        "type",
        "title",
        "status",
        "detail",
        "code",
        "errors",
        "methods",
        "reason",
        "clock_drift",
    }
    assert answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, document["code"]


def same_for_all(answers: list[httpx.Response]) -> None:
    """Nothing tells these answers apart but the id of the request."""
    seen = {
        (answer.status_code, answer.text, tuple((k, v) for k, v in answer.headers.items() if k != "x-request-id"))
        for answer in answers
    }
    assert len(seen) == 1, json.dumps([repr(entry) for entry in seen], indent=1)
