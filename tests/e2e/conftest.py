"""A real server, a real browser, and pages whose consoles must stay silent."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from hybrid_auth.embedded.port import reserve_port
from tests.e2e.browsing import Visitors
from tests.support.live_server import LiveServer, live_server

ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
REPOSITORY = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-m "not browser"` leaves out what needs Chromium."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where there is no Chromium, say so once and loudly; on CI that is a failure."""
    if item.get_closest_marker("browser") is None or find_chromium() is not None:
        return
    reason = "NO BROWSER TESTS WERE RUN: there is no Chromium. Install it, or name it in the variable CHROMIUM."
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@cache
def find_chromium() -> str | None:
    """The one named in `CHROMIUM`, one on the path, or one that Playwright has downloaded."""
    downloads = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    downloaded = map(str, sorted(downloads.glob("chromium-*/chrome-linux*/chrome"), reverse=True))
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, (*NAMES, *downloaded))), None)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for the run."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def server(free_directory: Path, chromium: Browser) -> Iterator[LiveServer]:
    """The server most tests share, as it comes; only the budgets per address are off, one machine being everybody."""
    with live_server(free_directory / "plain", port=free_port(), env={"HYBRID_AUTH_RATE_LIMITS": "off"}) as running:
        yield running


@pytest.fixture(scope="session")
def open_server(free_directory: Path, chromium: Browser) -> Iterator[LiveServer]:
    """A server anybody may join without a mail, and where a proof is soon no longer recent."""
    env = {
        "HYBRID_AUTH_RATE_LIMITS": "off",
        "HYBRID_AUTH_EMAIL_VERIFICATION": "optional",
        "HYBRID_AUTH_RECENT_TTL": "1",
    }
    with live_server(free_directory / "open", port=free_port(), env=env) as running:
        yield running


@pytest.fixture(scope="session")
def strict_server(free_directory: Path, chromium: Browser) -> Iterator[LiveServer]:
    """A server that asks everybody for a second factor, and lets anybody join without a mail."""
    env = {
        "HYBRID_AUTH_RATE_LIMITS": "off",
        "HYBRID_AUTH_EMAIL_VERIFICATION": "optional",
        "HYBRID_AUTH_REQUIRE_SECOND_FACTOR": "all",
    }
    with live_server(free_directory / "strict", port=free_port(), env=env) as running:
        yield running


@pytest.fixture(scope="session")
def free_directory() -> Iterator[Path]:
    """Short, so that the stores' sockets fit beside their data."""
    path = Path(tempfile.mkdtemp(prefix="hybrid-auth-e2e-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
async def visitors(chromium: Browser, server: LiveServer) -> AsyncIterator[Visitors]:
    """People at browsers. The test fails if any console complained of something it did not expect."""
    people = Visitors(chromium, server.url)
    yield people
    assert await people.leave() == []


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots are left for people to look at."""
    path = REPOSITORY / "test-results"
    path.mkdir(exist_ok=True)
    return path


def free_port() -> int:
    with reserve_port("127.0.0.1", 0) as reserved:
        return int(reserved.getsockname()[1])
