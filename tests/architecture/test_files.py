"""What is, and what is not, in the files of the project."""

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.architecture.source import REPOSITORY

FOREIGN = {
    "a path of one machine": r"(?<![\w.~-])/(?:work|root|home/\w+|Users/\w+)/\w",
    "a package registry": r"registry\.npmjs|files\.pythonhosted|pypi\.org/simple|--index-url\s+\S*://",
}


@cache
def texts() -> dict[str, str]:
    """Every tracked or new text file that git would keep."""
    try:
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    found = {}
    for name in filter(None, listed.split("\0")):
        try:
            found[name] = (REPOSITORY / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
    return found


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_of_one_machine_is_kept(what: str) -> None:
    """A clone on any other machine must find everything it is told of."""
    here = Path(__file__).relative_to(REPOSITORY).as_posix()
    wrong = [
        f"{name}:{number}"
        for name, text in texts().items()
        if name != here
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(FOREIGN[what], line)
    ]
    assert wrong == []


@pytest.mark.parametrize(("lock", "groups"), [("requirements.txt", ()), ("requirements-dev.txt", ("test", "build"))])
def test_locks_are_current(lock: str, groups: tuple[str, ...]) -> None:
    """Every dependency of pyproject.toml is pinned, with hashes, to a version it allows; else run `make lock`."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["dev"]]
    wanted += [line for group in groups for line in project["dependency-groups"][group]]
    text = (REPOSITORY / lock).read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]+\])?==([^\s;]+)", text, re.MULTILINE))
    stale = []
    for line in wanted:
        requirement = Requirement(line)
        pinned = pins.get(requirement.name)
        if pinned is None or not requirement.specifier.contains(pinned, prereleases=True):
            stale.append(f"{line}: {pinned}")
    assert stale == []
    assert text.count("==") <= text.count("--hash=sha256:")
