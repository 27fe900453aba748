"""People at browsers, and what their consoles complain of."""

from dataclasses import dataclass, field
from typing import Literal

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, ViewportSize, expect

DEMO_EMAIL = "user@example.com"
DEMO_PASSWORD = "password123"
PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=800)

_CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 {}Safari/537.36"
LAPTOP_AGENT = _CHROME.format("X11; Linux x86_64", "")
PHONE_AGENT = _CHROME.format("Linux; Android 10; K", "Mobile ")

Scheme = Literal["light", "dark"]


@dataclass
class Visitor:
    """One person's browser: its tabs share cookies and storage, and nothing with another visitor's."""

    context: BrowserContext
    url: str
    complaints: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Parts of the console errors that belong to the test, such as the status of a refusal it provokes."""

    def __post_init__(self) -> None:
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    @property
    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(part in text for part in self.expected)]

    async def open(self, path: str) -> Page:
        page = await self.context.new_page()
        await page.goto(self.url + path)
        return page

    async def sign_in(self, email: str = DEMO_EMAIL, password: str = DEMO_PASSWORD) -> Page:
        """A tab at the account page."""
        page = await self.open("/")
        await fill_credentials(page, email, password)
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await expect(heading(page, "Your account")).to_be_visible()
        return page


class Visitors:
    """Makes visitors of one server, and asks at the end whether any console complained."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._visitors: list[Visitor] = []

    async def arrive(
        self,
        *,
        locale: str = "en-US",
        viewport: ViewportSize = DESK,
        scheme: Scheme = "light",
        expected: tuple[str, ...] = (),
        url: str | None = None,
    ) -> Visitor:
        context = await self._browser.new_context(
            locale=locale,
            viewport=viewport,
            color_scheme=scheme,
            user_agent=PHONE_AGENT if viewport == PHONE else LAPTOP_AGENT,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        visitor = Visitor(context, url or self._url, expected=expected)
        self._visitors.append(visitor)
        return visitor

    async def leave(self) -> list[str]:
        """Close every browser; the complaints nobody expected."""
        for visitor in self._visitors:
            await visitor.context.close()
        return [text for visitor in self._visitors for text in visitor.unexpected]


async def fill_credentials(page: Page, email: str, password: str) -> None:
    await page.get_by_label("Email").fill(email)
    await password_field(page).fill(password)


def password_field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Password")


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", name=name, level=1)


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)
