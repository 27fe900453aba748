"""The built front end at its addresses."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import httpx
import pytest
from litestar import Litestar

from hybrid_auth.frontend import PAGES, FrontEnd
from hybrid_auth.problems import HANDLERS


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    """A front end of two files."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Sign in</title>", encoding="utf-8")
    (tmp_path / "assets" / "index-abc123.js").write_text("export {};", encoding="utf-8")
    (tmp_path.parent / "outside.txt").write_text("not served", encoding="utf-8")
    app = Litestar([FrontEnd(tmp_path).router()], exception_handlers=HANDLERS, openapi_config=None, logging_config=None)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(cast("Callable[..., Awaitable[None]]", app)), base_url="http://localhost"
    )


@pytest.mark.parametrize("path", PAGES)
async def test_pages(client: httpx.AsyncClient, path: str) -> None:
    """Every page is the one document, never cached, under a policy without inline script."""
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


async def test_hashed_assets_are_cached_for_a_year(client: httpx.AsyncClient) -> None:
    """A file whose name changes with its content need never be asked for again."""
    answer = await client.get("/assets/index-abc123.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path",
    ["/assets/none.js", "/index.html", "/assets/../../outside.txt", "/assets/%2e%2e%2f%2e%2e%2foutside.txt", "/login"],
)
async def test_nothing_else_is_served(client: httpx.AsyncClient, path: str) -> None:
    """What the build has not is 404, and there is no way out of its directory."""
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
