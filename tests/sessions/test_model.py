"""Random lives of many sessions over two workers and a Redis that loses its memory, against a model of a page."""

import asyncio
import os
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hybrid_auth.embedded.redis import EmbeddedRedis
from hybrid_auth.sessions.service import Tokens
from tests.sessions.model import ABSOLUTE, Life, User, World, code_of, end_others, poll, reauthenticated, refreshed
from tests.support.workers import Worker, open_workers

CI = os.environ.get("CI", "").lower() == "true"
workers = people = st.integers(0, 1)


class Sessions(RuleBasedStateMachine):
    """Rules are what people, thieves, operators and machines do."""

    lives = Bundle("lives")

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.all: list[Life] = []
        self.people: list[User] = []
        self.restarts = 1

    def worker(self, number: int) -> Worker:
        return (self.world.workers.first, self.world.workers.second)[number]

    @initialize(target=lives)
    def arrive(self) -> Any:
        """Two people, one of them at two clients."""
        service = self.world.workers.first.service
        self.people = [User(self.world.run(service.person())) for _ in range(2)]
        return multiple(self._opened(0, 0), self._opened(0, 1), self._opened(1, 0))

    @rule(target=lives, who=people, on=workers)
    def login(self, who: int, on: int) -> Life:
        return self._opened(who, on)

    def _opened(self, who: int, on: int) -> Life:
        user = self.people[who]
        tokens = self.world.run(self.worker(on).open(user.person, epoch=user.epoch))
        claims = self.worker(on).service.services.access_tokens.verify(tokens.access_token)
        life = Life(user, claims, [tokens], expires=self.world.now + ABSOLUTE, rotated=self.world.now)
        user.sessions.append(life)
        self.all.append(life)
        return life

    @precondition(lambda self: any(user.epoch for user in self.people))
    @rule(who=people, on=workers)
    def login_with_a_stale_proof(self, who: int, on: int) -> None:
        user = self.people[who]
        if user.epoch:
            assert self._code(self.worker(on).open(user.person, epoch=user.epoch - 1)) == "invalid_credentials"

    @rule(life=lives, on=workers)
    def check(self, life: Life, on: int) -> None:
        self._judge(life, on)

    def _judge(self, life: Life, on: int) -> None:
        expected = "session_revoked" if life.dead(self.world.now) else "alive"
        assert self._code(self.worker(on).sessions.check(life.claims)) == expected

    @rule(life=lives, on=workers, back=st.sampled_from((0, 0, 0, 1, 1, 2, 3)))
    def refresh(self, life: Life, on: int, back: int) -> None:
        """The current token, the previous one, or an older one; also of a session that is over."""
        generation = max(life.newest - back, 0)
        allowed = life.allowed(generation, self.world.now)
        given, code = self.world.run(refreshed(self.worker(on), life.handed[generation]))
        assert code in allowed
        if given is not None:
            self._handed(life, generation, given)
        elif code == "refresh_token_reused":
            life.over = True

    def _handed(self, life: Life, generation: int, given: Tokens) -> None:
        assert given.session.expires_at.replace(microsecond=0) == life.expires.replace(microsecond=0)
        token = self.world.workers.first.token(given)
        assert token.generation == generation + 1
        life.unwritten = True
        if token.generation <= life.newest:
            assert given.refresh_token == life.handed[token.generation].refresh_token
        else:
            life.handed.append(given)
            life.rotated = self.world.now

    @rule(life=lives, on=workers)
    def revoke(self, life: Life, on: int) -> None:
        self.world.run(self.worker(on).revoke(life.handed[0]))
        life.over = True

    @rule(life=lives, on=workers, password=st.booleans())
    def revoke_others(self, life: Life, on: int, password: bool) -> None:
        """From a living session; a change of the password does the same beside storing the hash."""
        if life.dead(self.world.now):
            return
        self.world.run(end_others(self.worker(on), life, password=password))
        self._ended(life.user, keep=life)

    @rule(who=people, on=workers)
    def revoke_all(self, who: int, on: int) -> None:
        user = self.people[who]
        alive = sum(not life.dead(self.world.now) for life in user.sessions)
        ended = self.world.run(self.worker(on).revoke_all(user.person))
        # What only Redis knows to be refreshed is counted by what PostgreSQL knows.
        assert ended == alive or any(life.unwritten for life in user.sessions)
        self._ended(user)

    def _ended(self, user: User, keep: Life | None = None) -> None:
        user.epoch += 1
        for life in user.sessions:
            life.over = life.over or life is not keep

    @rule(life=lives, on=workers)
    def reauthenticate(self, life: Life, on: int) -> None:
        if not life.dead(self.world.now):
            self.world.run(reauthenticated(self.worker(on), life))

    @rule(by=st.sampled_from((1.0, 10.0, 20.0, 20.001, 3600.0, 86400 * 3.5, 86400 * 6.9, 86400 * 7.0)))
    def time_passes(self, by: float) -> None:
        """Batches are written each second, so all of them before a second has passed."""
        self.write_batches()
        self.world.workers.advance(seconds=by)

    @rule()
    def write_batches(self) -> None:
        for worker in self.world.workers:
            self.world.run(worker.write_rotations())
        for life in self.all:
            life.unwritten = life.lagging = False

    @rule(on=workers)
    def poll_outbox(self, on: int) -> None:
        self.world.run(poll(self.worker(on)))

    @rule()
    def flushall(self) -> None:
        self.world.run(self.world.workers.first.tell_redis("FLUSHALL"))
        self._forgotten()

    @rule(life=lives, what=st.sampled_from("sptd"))
    def evict(self, life: Life, what: str) -> None:
        """Redis drops one key: session, principal, tickets or tombstone."""
        session = f":{life.claims.session_id.hex}" if what in "sd" else ""
        key = f"ha:{{{life.user.person.id.hex}}}:{what}{session}"
        self.world.run(self.world.workers.first.tell_redis("DEL", key))
        self._forgotten()

    @rule()
    def snapshot(self) -> None:
        self.world.run(self.world.workers.first.tell_redis("SAVE"))

    @precondition(lambda self: self.restarts and self.all)
    @rule()
    def restart_on_the_snapshot(self) -> None:
        """Redis crashes and comes back with what it had at the last SAVE, perhaps long ago."""
        self.restarts -= 1
        self.world.redis.kill()
        self.world.redis.start()
        for worker in self.world.workers:
            self.world.run(worker.reconnect())
        self._forgotten()

    def _forgotten(self) -> None:
        for life in self.all:
            life.lagging = life.lagging or life.unwritten

    def teardown(self) -> None:
        for life in self.all:
            for on in (0, 1):
                self._judge(life, on)
        self.write_batches()
        for life in self.all:
            before = life.dead(self.world.now)
            _, code = self.world.run(refreshed(self.worker(0), life.handed[-1]))
            assert code == ("invalid_refresh_token" if before else "alive")

    def _code(self, call: Coroutine[Any, Any, object]) -> str:
        return self.world.run(code_of(call))


@pytest.fixture(scope="module")
def world(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two workers on a loop that runs while a rule does."""
    with (
        EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as redis,
        asyncio.Runner() as runner,
    ):
        stack = AsyncExitStack()
        running = runner.run(stack.enter_async_context(open_workers(module_database_url, redis.url)))
        yield World(runner, running, redis)
        runner.run(stack.aclose())


@pytest.mark.timeout(600)
def test_sessions_against_the_model(world: World) -> None:
    """300 random histories in CI, 40 elsewhere: every answer is one that the model allows."""

    class Here(Sessions):
        def __init__(self) -> None:
            super().__init__(world)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=300 if CI else 40,
            stateful_step_count=25,
            deadline=None,
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )
