"""The long searches: ``python -m tests.model``."""

import sys

from tests.model.explore import explore
from tests.model.sessions import Model
from tests.model.state import Protocol

ROWS = (
    Protocol(frozenset({"flush", "restart"}), sign_out=True),
    Protocol(frozenset({"restore"}), sign_out=True),
    Protocol(frozenset({"principal", "record"}), budget=2, sign_out=True),
    Protocol(frozenset({"lost", "flush"}), budget=2, sign_out=True),
    Protocol(frozenset({"person", "stale", "principal"}), budget=2, sign_out=True),
    Protocol(frozenset({"flush", "restart"}), first_writer_ends_all=True, sign_out=True),
)

wrong = 0
for protocol in ROWS:
    model = Model(protocol)
    search = explore(model.start, model.moves, limit=1_500_000)
    wrong += bool(search.violations) or not search.complete
    verdict = "holds" if not search.violations else "BROKEN"
    print(f"{'+'.join(sorted(protocol.faults)):30} {search.states:>9} states  {verdict}")  # noqa: T201
    for broken, steps in search.violations.items():
        print("\n  ".join((f"  {broken}", *steps)))  # noqa: T201
sys.exit(wrong)
