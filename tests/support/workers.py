"""Two workers of one service in the test process, each behind its own proxies before both stores."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from hybrid_auth.core.errors import AuthError
from hybrid_auth.core.http import ClientInfo
from hybrid_auth.core.principal import Proof
from hybrid_auth.sessions.refresh_tokens import RefreshToken
from hybrid_auth.sessions.service import SessionService, Tokens
from hybrid_auth.signin.service import Arrival, SignedIn
from tests.support.proxy import PATIENCE, Proxy, postgres_proxy, redis_proxy
from tests.support.service import Person, Service, open_service

NOBODY = ClientInfo(ip=None, user_agent=None)


@dataclass(slots=True)
class Worker:
    """One worker, and what it reaches its stores through."""

    service: Service
    postgres: Proxy
    redis: Proxy

    @property
    def sessions(self) -> SessionService:
        return self.service.services.sessions

    async def open(
        self, person: Person, *, epoch: int = 0, transport: Literal["cookie", "native"] = "native"
    ) -> Tokens:
        """A session without the cost of a password: from the proof on it is the real way."""
        proof = Proof(user_id=person.id, session_epoch=epoch, amr=("pwd",), aal=1)
        async with self.service.transaction() as transaction:
            arrival = Arrival(client=NOBODY, transport=transport, refresh_token=None, trusted_token=None)
            signed_in = await self.service.services.sign_in.advance(transaction, proof, arrival)
        assert isinstance(signed_in, SignedIn)
        return signed_in.tokens

    async def check(self, tokens: Tokens) -> str:
        """``alive``, or the code of the refusal."""
        return await outcome(self.sessions.check(self.service.services.access_tokens.verify(tokens.access_token)))

    async def refresh(self, tokens: Tokens) -> Tokens:
        return await self.sessions.refresh(tokens.refresh_token, transport=tokens.transport)

    async def refresh_outcome(self, tokens: Tokens) -> str:
        """``alive``, or the code of the refusal."""
        return await outcome(self.refresh(tokens))

    async def revoke(self, tokens: Tokens, *, reason: str = "signed_out") -> None:
        async with self.service.transaction() as transaction:
            await self.sessions.revoke(
                transaction, user_id=tokens.session.user_id, session_id=tokens.session.id, reason=reason
            )

    async def revoke_all(self, person: Person, *, keep: Tokens | None = None) -> int:
        async with self.service.transaction() as transaction:
            kept = keep.session.id if keep else None
            return await self.sessions.revoke_all(transaction, person.id, keep=kept, reason="signed_out_everywhere")

    async def write_rotations(self) -> None:
        """What the upkeep does each round, now."""
        await self.service.services.upkeep.write_rotations()

    async def tell_redis(self, *arguments: str) -> Any:
        return (await self.service.services.config.redis.command(*arguments)).value

    async def epoch(self) -> str:
        """Of the Redis node, as this worker sees it."""
        return (await self.service.services.config.redis.command("PING")).epoch

    async def reconnect(self) -> None:
        """Lose all connections to Redis, and wait for a new one."""
        with self.redis.away():
            await eventually(lambda: outcome(self.epoch()), "service_unavailable")
        await eventually(lambda: outcome(self.epoch()), "alive")

    def token(self, tokens: Tokens) -> RefreshToken:
        """What a refresh token says."""
        token = self.sessions.read_refresh_token(tokens.refresh_token)
        assert token is not None
        return token

    async def row(self, tokens: Tokens) -> dict[str, Any]:
        """The session as PostgreSQL has it."""
        names = ("generation", "rotated_at", "revoked_at", "revoked_reason", "user_epoch", "expires_at")
        [found] = await self.service.rows(
            f"SELECT {', '.join(names)} FROM hybrid_auth_sessions WHERE id = :id",  # noqa: S608 - names are ours
            id=tokens.session.id,
        )
        return dict(zip(names, found, strict=True))

    async def redis_keys(self, person: Person) -> list[str]:
        """What Redis holds of a person, the common prefix left out."""
        keys = await self.tell_redis("KEYS", f"ha:{{{person.id.hex}}}:*")
        return sorted(key.decode().partition("}:")[2] for key in keys)


@dataclass(slots=True)
class Workers:
    """The two, whose clocks go together."""

    first: Worker
    second: Worker

    def __iter__(self) -> Iterator[Worker]:
        return iter((self.first, self.second))

    def advance(self, **duration: float) -> None:
        for worker in (self.first, self.second):
            worker.service.clock.advance(**duration)

    async def check(self, tokens: Tokens) -> set[str]:
        """What the workers say of a session."""
        return {await worker.check(tokens) for worker in (self.first, self.second)}


@asynccontextmanager
async def open_workers(database_url: str, redis_url: str, **settings: str) -> AsyncIterator[Workers]:
    """Two running workers on the same stores."""
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(2):
            postgres, through_postgres = await stack.enter_async_context(postgres_proxy(database_url))
            redis, through_redis = await stack.enter_async_context(redis_proxy(redis_url))
            service = await stack.enter_async_context(open_service(through_postgres, through_redis, **settings))
            made.append(Worker(service, postgres, redis))
        behind = made[0].service.clock.now() - made[1].service.clock.now()
        made[1].service.clock.advance(microseconds=behind // timedelta(microseconds=1))
        yield Workers(*made)


async def outcome(call: Awaitable[object]) -> str:
    """``alive``, or the code of the refusal."""
    try:
        await call
    except AuthError as error:
        return error.code
    return "alive"


async def eventually(ask: Callable[[], Awaitable[object]], wanted: object, *, within: float = PATIENCE) -> None:
    """Wait for a thing that another process or a background task will do; AssertionError if it is not done in time."""
    found = await ask()
    try:
        async with asyncio.timeout(within):
            while found != wanted:
                await asyncio.sleep(0.02)
                found = await ask()
    except TimeoutError:
        message = f"still {found!r} after {within} s, not {wanted!r}"
        raise AssertionError(message) from None
