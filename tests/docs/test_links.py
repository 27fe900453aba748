"""What the documentation points to."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import REPOSITORY

PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")
_PATH = re.compile(r"`((?:src|tests|docs|alembic|frontend-demo)/[\w./-]+)`")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_MODULE = re.compile(r"`((?:core|sessions|signin|accounts|passwords|mail|settings|embedded)/[\w/]+\.(?:py|lua))`")


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(REPOSITORY).as_posix() for page in PAGES])
def test_everything_named_is_there(page: Path) -> None:
    """Relative links, and paths in backticks, lead to a file."""
    text = page.read_text("utf-8")
    wanted = [page.parent / link for link in _LINK.findall(text)]
    wanted += [REPOSITORY / path for path in _PATH.findall(text)]
    wanted += [REPOSITORY / "src" / "hybrid_auth" / path for path in _MODULE.findall(text)]
    built = REPOSITORY / "frontend-demo" / "dist"
    assert [str(path) for path in wanted if not path.exists() and not path.is_relative_to(built)] == []


def test_every_test_named_is_there() -> None:
    """A control without its test is a claim."""
    wrong = []
    for page in PAGES:
        for path, name in _TEST.findall(page.read_text("utf-8")):
            file = REPOSITORY / path
            if not file.exists() or not re.search(rf"def {name}\(", file.read_text("utf-8")):
                wrong.append(f"{page.name}: {path}::{name}")
    assert wrong == []
