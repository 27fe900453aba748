"""The model that random histories of sessions are judged by, and the calls they are made of."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hybrid_auth.core.errors import AuthError
from hybrid_auth.core.principal import Proof
from hybrid_auth.embedded.redis import EmbeddedRedis
from hybrid_auth.passwords.repository import PasswordRows
from hybrid_auth.sessions.access_tokens import Claims
from hybrid_auth.sessions.service import Authenticated, Tokens
from tests.support.service import Person
from tests.support.workers import Worker, Workers

GRACE, IDLE, ABSOLUTE = timedelta(seconds=20), timedelta(days=7), timedelta(days=30)
Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class User:
    """A person, as the model has them."""

    person: Person
    epoch: int = 0
    sessions: "list[Life]" = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Life:
    """A session, as the model has it."""

    user: User
    claims: Claims
    handed: list[Tokens]
    """By generation."""
    expires: datetime
    rotated: datetime
    over: bool = False
    unwritten: bool = False
    """A rotation waits for its batch."""
    lagging: bool = False
    """Redis forgot while one was waiting: until the batch is written, an older token may get its successor."""

    @property
    def newest(self) -> int:
        return len(self.handed) - 1

    def dead(self, now: datetime) -> bool:
        return self.over or now >= min(self.expires, self.rotated + IDLE)

    def allowed(self, generation: int, now: datetime) -> set[str]:
        """What a refresh with that token may end in."""
        if self.dead(now):
            return {"invalid_refresh_token"}
        if generation == self.newest or (generation == self.newest - 1 and now - self.rotated <= GRACE):
            return {"alive"}
        return {"alive", "refresh_token_reused"} if self.lagging else {"refresh_token_reused"}


@dataclass(slots=True)
class World:
    """What runs for all examples; each has people of its own."""

    runner: asyncio.Runner
    workers: Workers
    redis: EmbeddedRedis

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(coroutine)

    @property
    def now(self) -> datetime:
        return self.workers.first.service.clock.now()


async def code_of(call: Coroutine[Any, Any, object]) -> str:
    try:
        await call
    except AuthError as error:
        return error.code
    return "alive"


async def refreshed(worker: Worker, tokens: Tokens) -> tuple[Tokens | None, str]:
    try:
        return await worker.refresh(tokens), "alive"
    except AuthError as error:
        return None, error.code


async def end_others(worker: Worker, life: Life, *, password: bool) -> None:
    user_id = life.user.person.id
    async with worker.service.transaction() as transaction:
        if password:
            await PasswordRows(transaction).put(user_id, "$argon2id$", now=worker.service.clock.now())
        await worker.sessions.revoke_all(transaction, user_id, keep=life.claims.session_id, reason="password_changed")


async def reauthenticated(worker: Worker, life: Life) -> None:
    caller: Authenticated = await worker.sessions.check(life.claims)
    proof = Proof(user_id=life.user.person.id, session_epoch=life.user.epoch, amr=("pwd",), aal=1)
    async with worker.service.transaction() as transaction:
        await worker.sessions.reauthenticate(transaction, caller, proof)
    again = await worker.sessions.check(life.claims)
    assert again.session.authenticated_at == worker.service.clock.now()


async def poll(worker: Worker) -> None:
    await worker.sessions._outbox.poll()
