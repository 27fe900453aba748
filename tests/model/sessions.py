"""One session, two workers, a client with two tabs, a thief with old tokens, and stores that fail.

A move is one atomic thing: one Redis script, one PostgreSQL statement or commit, one fault. Everything between two
moves interleaves. Written after docs/session-protocol.md, steps 2 to 5 and 7, as this project does them: a worker that
cannot reach Redis says 503, so it takes no part here.

Time is one event, "grace over", which closes the grace of every copy at once. It comes after any batch that is due.
"""

from collections.abc import Iterator

from tests.model.explore import Move
from tests.model.state import IDLE, Protocol, Record, Redis, Request, State, Worker

REVOKED = "a revoked session never authenticates again"
LIVE = "a living session is never refused"
REPLAY = "a superseded token is never accepted once its grace is over"

Moves = Iterator[Move[State]]


class Model:
    """The moves of a protocol."""

    def __init__(self, protocol: Protocol) -> None:
        self.rules = protocol
        self.start = State(faults=protocol.budget)

    def moves(self, state: State) -> Moves:
        for number in (0, 1):
            yield from self._upkeep(state, number)
            worker = state.worker(number)
            if worker.request.step == "idle":
                yield from self._requests(state, number)
            else:
                step = getattr(self, f"_{worker.request.step}")
                yield from step(state, number, worker.request)
            if state.faults and "crash" in self.rules.faults and (worker.request != IDLE or worker.queued):
                yield (
                    "the worker crashes",
                    state._replace(faults=state.faults - 1).having(number, **Worker()._asdict()),
                    None,
                )
        yield from self._time(state)
        if state.faults:
            yield from self._faults(state._replace(faults=state.faults - 1), state)

    # --- what Redis counts, and what is judged ------------------------------------------------------------------------

    def _record(self, state: State) -> Record | None:
        """The session as Redis vouches for it: of this epoch, whatever became of the principal."""
        record = state.redis.record
        return record if record and (record.epoch == state.epoch or not self.rules.epochs) else None

    def _accepted(self, state: State, request: Request) -> tuple[State, str | None]:
        if request.late:
            return state, REVOKED
        if request.who == "thief":
            return state, REPLAY if request.generation < state.limit else None
        if request.who == "tab":
            state = state._replace(delivered=max(state.delivered, request.generation + 1))
        return state, None

    def _refused(self, state: State, request: Request) -> tuple[State, str | None]:
        state = _exposed(state, request.generation) if request.who != "check" else state
        return state, LIVE if not state.excused and request.who != "thief" else None

    # --- requests -----------------------------------------------------------------------------------------------------

    def _requests(self, state: State, number: int) -> Moves:
        late = state.answered and not (state.outbox and state.reachable)
        yield from self._check(state, number, Request("check", "check", late=late))
        asked = [("tab", state.delivered)]
        if state.grace and state.delivered:
            asked.append(("tab", state.delivered - 1))
        if state.thief:
            old = max(state.delivered - 1, state.limit)
            asked += [("thief", generation) for generation in range(min(old, state.delivered))]
        for who, generation in asked:
            if generation < self.rules.generations:
                begun = state._replace(thief=False, excused=True) if who == "thief" else state
                yield from self._refresh(begun, number, Request("refresh", who, generation, late))
        if self.rules.sign_out and number == 0 and not state.answered and state.reachable:
            after = state._replace(revoked=True, outbox=self.rules.outbox, excused=True)
            yield "sign-out: committed", after.having(number, request=Request("tombstone")), None

    def _check(self, state: State, number: int, request: Request) -> Moves:
        if state.redis.tombstone:
            after, broken = self._refused(state, request)
            yield "check: tombstone, 401", after.having(number, request=IDLE), broken
        elif self._record(state) and state.redis.principal:
            after, broken = self._accepted(state, request)
            yield "check: Redis, 200", after.having(number, request=IDLE), broken
        else:
            yield "check: miss", self._ticket(state, number, request), None

    def _refresh(self, state: State, number: int, request: Request) -> Moves:
        said, generation = f"{request.who} refreshes with {request.generation}:", request.generation
        record = self._record(state)
        if state.redis.tombstone:
            after, broken = self._refused(state, request)
            yield f"{said} tombstone, 401", after.having(number, request=IDLE), broken
        elif record is None or not state.redis.principal:
            yield f"{said} miss", self._ticket(state, number, request), None
        elif generation == record.generation or (generation > record.generation and self.rules.accept_newer):
            after = _exposed(state, generation).storing(record=Record(generation + 1, True, state.epoch))
            if generation + 1 > state.newest:
                after = after._replace(newest=generation + 1, grace=True)
            yield from self._renewed(after, number, request, f"{said} rotated", queue=True)
        elif generation == record.generation - 1 and record.open:
            yield from self._renewed(state, number, request, f"{said} the same", queue=self.rules.same_is_queued)
        elif generation > record.generation:
            after, broken = self._refused(state, request)
            yield f"{said} not known, 401", after.having(number, request=IDLE), broken
        else:
            after = _exposed(state, generation).buried()
            yield f"{said} reuse", after.having(number, request=request._replace(step="reuse")), None

    def _renewed(self, state: State, number: int, request: Request, said: str, *, queue: bool) -> Moves:
        if state.faults and "lost" in self.rules.faults:
            lost = state._replace(faults=state.faults - 1).having(number, request=IDLE)
            yield f"{said}, the reply is lost, 503", lost, None
        after, broken = self._accepted(state, request)
        if queue:
            queued = max(state.worker(number).queued, request.generation + 1)
            after = after.having(number, queued=queued, written=False)
        yield f"{said}, 200", after.having(number, request=IDLE), broken

    def _reuse(self, state: State, number: int, request: Request) -> Moves:
        if not state.reachable:
            yield "reuse: no PostgreSQL, 503", state.having(number, request=IDLE), None
            return
        after = state._replace(revoked=True, outbox=self.rules.outbox)
        yield "reuse: committed", after.having(number, request=Request("tombstone")), None

    def _tombstone(self, state: State, number: int, request: Request) -> Moves:
        yield "tombstone, answered", state.buried()._replace(answered=True).having(number, request=IDLE), None

    # --- rebuild ------------------------------------------------------------------------------------------------------

    def _ticket(self, state: State, number: int, request: Request) -> State:
        tickets = {ticket for ticket in state.redis.tickets if ticket[0] != number} | {(number, state.epoch)}
        waiting = request._replace(step="read", epoch=state.epoch)
        return state.storing(tickets=frozenset(tickets)).having(number, request=waiting)

    def _read(self, state: State, number: int, request: Request) -> Moves:
        if not state.reachable:
            yield "no PostgreSQL, 503", state.having(number, request=IDLE), None
        elif state.revoked:
            after, broken = self._refused(state.buried(), request)
            yield "PostgreSQL: revoked, 401", after.having(number, request=IDLE), broken
        else:
            waiting = request._replace(step="write", read=(state.generation, state.open))
            yield f"PostgreSQL: at {state.generation}", state.having(number, request=waiting), None

    def _write(self, state: State, number: int, request: Request) -> Moves:
        # Again from the start: a check or a refresh looks into Redis anew.
        again = state.having(number, request=request._replace(step="again", epoch=-1, read=(-1, False)))
        holds = {ticket for ticket in state.redis.tickets if ticket[0] == number}
        valid = (number, state.epoch) in holds if self.rules.tickets_of_one_epoch else bool(holds)
        if self.rules.tickets and (not valid or (self.rules.tickets_of_one_epoch and request.epoch != state.epoch)):
            yield "rebuild: refused", again, None
            return
        if state.redis.tombstone:
            yield "rebuild: tombstone", again, None
            return
        generation, is_open = request.read
        old = state.redis.record
        if self.rules.merge and old is not None and old.generation > generation:
            generation, is_open = old.generation, old.open
        left = frozenset() if self.rules.first_writer_ends_all else state.redis.tickets - holds
        record = Record(generation, is_open, state.epoch)
        yield f"rebuild: at {generation}", again.storing(record=record, principal=True, tickets=left), None

    def _again(self, state: State, number: int, request: Request) -> Moves:
        yield from (self._check if request.who == "check" else self._refresh)(state, number, request)

    # --- beside requests ----------------------------------------------------------------------------------------------

    def _upkeep(self, state: State, number: int) -> Moves:
        worker = state.worker(number)
        if worker.queued and not worker.written and state.reachable:
            after = state
            if worker.queued > state.generation:
                after = state._replace(
                    generation=worker.queued, open=state.grace if worker.queued == state.newest else False
                )
            confirm = {"written": True} if self.rules.confirm else {"queued": 0}
            yield f"batch: PostgreSQL at {after.generation}", after.having(number, **confirm), None
        elif worker.queued and worker.written:
            yield (
                "batch: confirmed",
                self._confirmed(state, worker.queued).having(number, queued=0, written=False),
                None,
            )
        if state.outbox and state.reachable and worker.request == IDLE:
            yield "outbox applied", state.buried()._replace(outbox=False), None

    def _confirmed(self, state: State, generation: int) -> State:
        record = self._record(state)
        if record is None or self.rules.confirm_ends_tickets:
            state = state.storing(tickets=frozenset())
        if record is not None and record.generation < generation:
            state = state.storing(record=Record(generation, state.grace, record.epoch))
        return state

    def _time(self, state: State) -> Moves:
        busy = any(worker.request != IDLE or (worker.queued and state.reachable) for worker in state[-2:])
        if not busy and not (state.outbox and state.reachable) and (state.grace or state.limit < state.delivered):
            after = state._replace(
                grace=False,
                limit=state.delivered,
                open=False,
                redis=_closed(state.redis),
                snapshot=state.snapshot and _closed(state.snapshot),
            )
            yield "the grace is over", after, None
        if not state.reachable:
            yield "PostgreSQL is back", state._replace(reachable=True), None
        if state.snapshot is None and "restore" in self.rules.faults:
            yield "snapshot", state._replace(snapshot=state.redis), None

    def _faults(self, state: State, before: State) -> Moves:
        empty = Redis(record=None, principal=False)
        record = state.redis.record
        possible = {
            "flush": state._replace(redis=empty),
            "restart": state._replace(redis=empty, epoch=state.epoch + 1),
            "restore": state._replace(redis=state.snapshot or empty, epoch=state.epoch + 1),
            "principal": state.storing(principal=False),
            "record": state.storing(record=None),
            "person": state.storing(principal=False, tickets=frozenset()),
            "stale": state.storing(record=record and record._replace(epoch=-1), tickets=frozenset()),
            "postgresql": state._replace(reachable=False),
        }
        for name, after in possible.items():
            if name in self.rules.faults and after._replace(faults=before.faults) != before:
                yield f"FAULT {name}", after, None


def _closed(redis: Redis) -> Redis:
    return redis._replace(record=redis.record and redis.record._replace(open=False))


def _exposed(state: State, generation: int) -> State:
    """A use of what was superseded for good may end the session: the specification itself says so."""
    over = state.newest > generation + 1 or (state.newest == generation + 1 and not state.grace)
    return state._replace(excused=True) if over else state
