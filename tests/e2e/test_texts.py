"""The pages have a text for every problem the server can tell."""

import re
from collections.abc import Iterator
from pathlib import Path

from hybrid_auth.core.errors import AuthError

SOURCE = Path(__file__).parents[2] / "frontend-demo" / "src"


def test_every_code_has_a_text() -> None:
    """The code is in the list that both dictionaries must cover to compile."""
    known = set(re.findall(r'^  "(\w+)",$', (SOURCE / "api" / "problem.ts").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(_codes(AuthError)) - known == set()


def _codes(kind: type[AuthError]) -> Iterator[str]:
    for child in kind.__subclasses__():
        if hasattr(child, "code"):
            yield child.code
        yield from _codes(child)
