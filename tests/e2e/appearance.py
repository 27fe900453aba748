"""How pages look, and what axe says of them."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browsing import DESK, PHONE

AXE = Path(__file__).parents[2] / "frontend-demo" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = pytest.mark.parametrize("viewport", [PHONE, DESK], ids=lambda size: str(size["width"]))
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


async def examine(page: Page, picture: Path, *, wait_for: str | None = None, full: bool = True) -> None:
    """A picture, and nothing that axe or a narrow screen complains of."""
    if wait_for is not None:
        await expect(page.locator(wait_for).first).to_be_visible()
    await page.screenshot(path=picture, full_page=full)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # The policy of the page refuses an added script element; the debugger's own evaluation is not the page's.
    await page.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
    result = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(found["id"], [node["html"] for node in found["nodes"]]) for found in result["violations"]] == []
