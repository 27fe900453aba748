"""Breadth-first search over every interleaving: the first violation found of each invariant has the shortest trace."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

State = TypeVar("State", bound=Hashable)
Move = tuple[str, State, str | None]
"""What happens, the state it leads to, and the invariant that it breaks."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found."""

    states: int
    complete: bool
    violations: dict[str, list[str]]
    """Of each broken invariant the shortest way there."""


def explore(start: State, moves: Callable[[State], Iterable[Move[State]]], *, limit: int, until: str = "") -> Search:
    """Visit every state that can be reached, at most `limit` of them, or all until `until` is found broken."""
    seen, order = {start}, [start]
    came: list[tuple[int, str]] = [(-1, "")]
    violations: dict[str, list[str]] = {}

    def trace(at: int, last: str) -> list[str]:
        steps = [last]
        while at > 0:
            at, label = came[at][0], came[at][1]
            steps.append(label)
        return steps[::-1]

    at = 0
    while at < len(order) < limit and until not in violations:
        for label, following, broken in moves(order[at]):
            if broken is not None and broken not in violations:
                violations[broken] = trace(at, label)
            if following not in seen:
                seen.add(following)
                order.append(following)
                came.append((at, label))
        at += 1
    return Search(len(order), at == len(order), violations)
