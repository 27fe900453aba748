"""The tour of the README, run as it stands there."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.source import REPOSITORY
from tests.support.live_server import live_server

URL = "URL=http://localhost:8001"
MARK = "--- end of a command ---"


def tour() -> list[tuple[str, list[str]]]:
    """The commands of all console blocks, each with the lines printed below it."""
    blocks = re.findall(
        r"^```console\n(.*?)^```", (REPOSITORY / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    steps: list[tuple[str, list[str]]] = []
    for line in "".join(blocks).splitlines():
        if line.startswith("$ "):
            steps.append((line.removeprefix("$ "), []))
        else:
            steps[-1][1].append(line)
    return steps


def shape(value: Any) -> Any:
    """What stays the same from run to run: the keys of objects, and words that clients switch on."""
    if isinstance(value, dict):
        return {key: item if key in ("code", "status", "token_type") else shape(item) for key, item in value.items()}
    return [shape(item) for item in value[:1]] if isinstance(value, list) else None


def shapes(lines: list[str]) -> list[Any]:
    """A JSON line by its shape; any other line, such as a status code, as it is."""
    return [shape(json.loads(line)) if line.startswith("{") else line for line in lines]


@pytest.mark.timeout(180)
def test_the_tour_is_what_happens(tmp_path: Path, free_port: Callable[[], int]) -> None:
    """Login, me, sessions, refresh, logout, and the same access token is refused at once."""
    steps = tour()
    with live_server(tmp_path, port=free_port()) as server:
        script = "\n".join(f"{command}\necho '{MARK}'" for command, _ in steps)
        assert URL in script
        done = subprocess.run(
            ["bash", "-c", script.replace(URL, f"URL={server.url}")],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    # `curl` ends a body without a line break, so the mark may follow on the same line.
    answers = [answer.strip().splitlines() for answer in done.stdout.split(MARK)[: len(steps)]]
    for (command, expected), answer in zip(steps, answers, strict=True):
        assert shapes(answer) == shapes(expected), command
    assert answers[-1][-1] == "401"
