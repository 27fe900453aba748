"""The session protocol in every interleaving; and that each of its parts is needed.

``python -m tests.model`` searches what takes longer: two generations with every kind of fault.
"""

import pytest

from tests.model.explore import explore
from tests.model.sessions import LIVE, REPLAY, REVOKED, Model
from tests.model.state import Protocol

LIMIT = 200_000


@pytest.mark.parametrize(
    "protocol",
    [
        Protocol(frozenset({"crash", "postgresql"}), sign_out=True),
        Protocol(frozenset({"flush", "restart"}), generations=1, sign_out=True),
        Protocol(frozenset({"person", "stale", "principal"}), sign_out=True),
        Protocol(frozenset({"principal", "record", "lost", "flush"}), budget=2, generations=1),
        Protocol(frozenset({"restore"}), generations=1, sign_out=True),
    ],
    ids=lambda protocol: "+".join(sorted(protocol.faults)),
)
def test_it_holds(protocol: Protocol) -> None:
    """No order of steps and faults breaks an invariant."""
    model = Model(protocol)
    search = explore(model.start, model.moves, limit=LIMIT)
    assert search.violations == {}
    assert search.complete


@pytest.mark.parametrize(
    ("protocol", "broken"),
    [
        (Protocol(frozenset({"flush"}), generations=1, tickets=False), REPLAY),
        (Protocol(frozenset({"flush"}), generations=1, confirm=False), REPLAY),
        (Protocol(frozenset({"flush"}), accept_newer=False), LIVE),
        (Protocol(frozenset({"restore"}), generations=1, epochs=False, sign_out=True), REVOKED),
        (Protocol(frozenset({"principal", "record"}), budget=2, generations=1, confirm_ends_tickets=False), REPLAY),
        (Protocol(frozenset({"lost", "flush"}), budget=2, generations=1, same_is_queued=False), REPLAY),
    ],
    ids=["tickets", "confirm", "newer", "epochs", "confirm ends tickets", "same is queued"],
)
def test_each_part_is_needed(protocol: Protocol, broken: str) -> None:
    """Without it there is an order of steps that breaks an invariant."""
    model = Model(protocol)
    assert broken in explore(model.start, model.moves, limit=LIMIT, until=broken).violations
