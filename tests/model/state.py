"""The rules and the state of the session protocol's model."""

from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Protocol:
    """The rules, each of which can be left out to see what it is for, and the faults that may come."""

    faults: frozenset[str]
    budget: int = 1
    """Faults in one history."""
    generations: int = 2
    """How many are looked at."""
    sign_out: bool = False
    """Whether the person may sign out; a revocation for reuse may come anyway."""
    tickets: bool = True
    tickets_of_one_epoch: bool = True
    first_writer_ends_all: bool = False
    merge: bool = True
    """A rebuild keeps the generation that the record it replaces knows."""
    confirm: bool = True
    confirm_ends_tickets: bool = True
    """Also where a record stands."""
    same_is_queued: bool = True
    """The previous token within its grace queues the generation too."""
    accept_newer: bool = True
    outbox: bool = True
    epochs: bool = True


class Record(NamedTuple):
    """The session in Redis."""

    generation: int
    open: bool
    """Whether the grace of the previous token is."""
    epoch: int


class Request(NamedTuple):
    """What a worker is about to do, and for whom."""

    step: str
    who: str = ""
    generation: int = -1
    late: bool = False
    """A revocation had been answered before this request began."""
    epoch: int = -1
    read: tuple[int, bool] = (-1, False)
    """Generation and grace as PostgreSQL gave them."""


IDLE = Request("idle")


class Worker(NamedTuple):
    request: Request = IDLE
    queued: int = 0
    """Generation that PostgreSQL has yet to hear of."""
    written: bool = False
    """It has, and Redis has yet to be told."""


class Redis(NamedTuple):
    record: Record | None = Record(0, False, 0)
    principal: bool = True
    tombstone: bool = False
    tickets: frozenset[tuple[int, int]] = frozenset()
    """Worker and epoch."""


class State(NamedTuple):
    """Everything there is."""

    generation: int = 0
    """In PostgreSQL, as are the next three."""
    open: bool = False
    revoked: bool = False
    outbox: bool = False
    redis: Redis = Redis()
    epoch: int = 0
    snapshot: Redis | None = None
    reachable: bool = True
    """PostgreSQL."""
    faults: int = 0
    thief: bool = True
    newest: int = 0
    """Ever made."""
    grace: bool = False
    """Of the token before the newest."""
    delivered: int = 0
    limit: int = 0
    """Tokens below were superseded when a grace last ended."""
    excused: bool = False
    """Somebody used what was superseded, or signed out: honest tabs may be refused from now on."""
    answered: bool = False
    """A revocation was."""
    first: Worker = Worker()
    second: Worker = Worker()

    def worker(self, number: int) -> Worker:
        return self.second if number else self.first

    def having(self, number: int, **change: Any) -> "State":
        """With one worker changed."""
        worker = self.worker(number)._replace(**change)
        return self._replace(second=worker) if number else self._replace(first=worker)

    def storing(self, **change: Any) -> "State":
        """With Redis changed."""
        return self._replace(redis=self.redis._replace(**change))

    def buried(self) -> "State":
        return self.storing(record=None, tombstone=True, tickets=frozenset())
