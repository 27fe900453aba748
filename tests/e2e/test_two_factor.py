"""Two-factor in the browser: in the account, and whatever needs a fresh proof."""

import re

from playwright.async_api import Download, Page, expect

from tests.e2e.accounts import PASSWORD, join, join_with_app, phone_of, scan, use_up
from tests.e2e.authenticator import Authenticator
from tests.e2e.browsing import Visitors, fill_credentials, heading, section
from tests.e2e.second_step import join_strictly, proof_is_old, save_codes, scanned, second_step, sign_out
from tests.support.live_server import LiveServer


async def test_enrolment(visitors: Visitors, server: LiveServer) -> None:
    """The picture is read as a phone reads it; the codes are shown once, and leave in three ways."""
    email = "enrolment@example.com"
    join(server, email)
    visitor = await visitors.arrive(expected=("401",))
    await visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await visitor.sign_in(email, PASSWORD)
    part = section(page, "Two-factor")
    async with page.expect_response("**/auth/totp/enroll") as answered:
        await part.get_by_role("button", name="Add an authenticator app").click()
    offered = await (await answered.value).json()
    await expect(part.get_by_role("heading", name="Add an authenticator app")).to_be_focused()

    uri = await scan(part.get_by_role("img", name="QR code with the key for your authenticator app"))
    assert uri == offered["otpauth_uri"]
    phone = phone_of(uri)
    await expect(part.locator(".key code")).to_have_text(" ".join(re.findall("....", phone.secret)))
    await part.get_by_role("button", name="Copy the key").click()
    await expect(part.get_by_role("status").filter(has_text="Copied.")).to_be_visible()
    assert await clipboard(page) == phone.secret

    field = part.get_by_label("Code")
    await field.fill(phone.code_of_a_clock(minutes=60))
    await expect(field).to_have_accessible_description(re.compile("That code is not right"))
    await expect(field).to_be_focused()
    await page.keyboard.type(phone.code())
    await page.keyboard.press("Enter")
    await expect(part.get_by_role("heading", name="Keep your recovery codes")).to_be_focused()

    codes = await part.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    await part.get_by_role("button", name="Copy").click()
    await expect(part.get_by_role("status").filter(has_text="Copied.")).to_be_visible()
    assert (await clipboard(page)).split("\n") == codes
    async with page.expect_download() as download:
        await part.get_by_role("button", name="Download").click()
    assert (await download.value).suggested_filename == "recovery-codes.txt"
    text = await contents(await download.value)
    assert text.split("\n")[2:12] == codes
    assert email in text
    await only_the_codes_are_printed(page, codes)

    await part.get_by_role("button", name="Done").click()
    tick = part.get_by_role("checkbox", name="I saved them")
    await expect(tick).to_be_focused()
    await expect(tick).to_have_accessible_description("Please tick this to go on.")
    await page.keyboard.press("Space")
    await part.get_by_role("button", name="Done").click()
    await expect(part.get_by_role("status").filter(has_text="Two-factor is on.")).to_be_visible()
    await expect(part.get_by_text("10 recovery codes are left.")).to_be_visible()
    await page.reload()
    await expect(part.get_by_role("button", name="Replace the app")).to_be_visible()
    await expect(page.get_by_text(codes[0])).to_have_count(0)


async def test_nothing_is_on_before_the_first_code(visitors: Visitors, server: LiveServer) -> None:
    """Somebody who gives up half-way signs in as before."""
    email = "half-way@example.com"
    join(server, email)
    page = await (await visitors.arrive()).sign_in(email, PASSWORD)
    part = section(page, "Two-factor")
    await part.get_by_role("button", name="Add an authenticator app").click()
    await expect(part.get_by_role("img")).to_be_visible()
    await part.get_by_role("button", name="Cancel").click()
    await expect(part.get_by_role("button", name="Add an authenticator app")).to_be_visible()
    await (await visitors.arrive()).sign_in(email, PASSWORD)


async def test_step_up_by_code_and_the_action_goes_on(visitors: Visitors, open_server: LiveServer) -> None:
    """Each change that needs a fresh proof asks for it, for a password before and for a code afterwards."""
    email = "step-up-by-code@example.com"
    visitor = await visitors.arrive(url=open_server.url, expected=("403", "401"))
    page = await visitor.open("/register")
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await expect(heading(page, "Your account")).to_be_visible()
    await proof_is_old(page)
    part = section(page, "Two-factor")
    await part.get_by_role("button", name="Add an authenticator app").click()
    dialog = page.get_by_role("dialog", name="Confirm that it is you")
    await dialog.get_by_role("textbox", name="Password").fill(PASSWORD)
    await dialog.get_by_role("button", name="Continue").click()
    phone = await scanned(part)
    await part.get_by_label("Code").fill(phone.code())
    await save_codes(part)

    await proof_is_old(page)
    await part.get_by_role("button", name="Switch off").click()
    await page.get_by_role("dialog").get_by_role("button", name="Switch off").click()
    field = dialog.get_by_label("Code")
    await expect(dialog.get_by_role("textbox", name="Password")).to_have_count(0)
    await field.fill(phone.code_of_a_clock(minutes=60))
    await dialog.get_by_role("button", name="Switch off").click()
    await expect(field).to_have_accessible_description(re.compile("That code is not right"))
    await field.fill(phone.code())
    await dialog.get_by_role("button", name="Switch off").click()
    await expect(part.get_by_role("status").filter(has_text="Two-factor is off.")).to_be_visible()
    await expect(part.get_by_role("button", name="Add an authenticator app")).to_be_visible()
    await (await visitors.arrive(url=open_server.url)).sign_in(email, PASSWORD)


async def test_few_codes_are_left(visitors: Visitors, server: LiveServer) -> None:
    """The page says so from three on, at once where one was used; new ones void the old."""
    email = "few@example.com"
    phone = join_with_app(server, email)
    use_up(server, email, phone.recovery_codes[:6])
    page = await (await visitors.arrive()).open("/")
    await second_step(page, email)
    await page.get_by_role("button", name="Use a recovery code instead").click()
    await page.get_by_label("Recovery code").fill(phone.recovery_codes[6])
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("You signed in with a recovery code.")).to_be_visible()
    part = section(page, "Two-factor")
    await expect(part.get_by_text("Only 3 recovery codes are left.")).to_be_visible()

    await part.get_by_role("button", name="Make new recovery codes").click()
    await page.get_by_role("dialog").get_by_role("button", name="Make new recovery codes").click()
    await expect(part.locator(".codes li")).to_have_count(10)
    assert phone.recovery_codes[9] not in await part.locator(".codes li").all_inner_texts()
    await save_codes(part)
    await expect(part.get_by_text("10 recovery codes are left.")).to_be_visible()


async def test_a_browser_is_trusted_until_it_is_removed(visitors: Visitors, server: LiveServer) -> None:
    """Ticked once, the code is not asked for in this browser, and in no other; removed, it is asked for again."""
    email = "trusting@example.com"
    phone = join_with_app(server, email)
    page = await (await visitors.arrive(expected=("401",))).open("/")
    await second_step(page, email)
    tick = page.get_by_role("checkbox", name="Don't ask in this browser for 30 days")
    await expect(tick).not_to_be_checked()
    await tick.check()
    await page.get_by_label("Code").fill(phone.code())
    await expect(heading(page, "Your account")).to_be_visible()

    await sign_out(page)
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    part = section(page, "Two-factor")
    await expect(part.get_by_role("heading", name="Trusted browsers")).to_be_visible()
    await expect(part.get_by_role("listitem")).to_contain_text("Chrome on Linux")
    await second_step(await (await visitors.arrive()).open("/"), email)

    await part.get_by_role("button", name="Remove Chrome on Linux").click()
    await expect(part.get_by_role("status").filter(has_text="is asked for a code again.")).to_be_visible()
    await expect(part.get_by_role("heading", name="Trusted browsers")).to_have_count(0)
    await sign_out(page)
    await second_step(page, email)


async def test_a_required_factor_cannot_be_switched_off(visitors: Visitors, strict_server: LiveServer) -> None:
    """The account says why, in the dialog that asks."""
    visitor = await visitors.arrive(url=strict_server.url, expected=("409",))
    page = await visitor.open("/register")
    await join_strictly(page, "keeps-it@example.com")
    await save_codes(page.get_by_role("main"))
    part = section(page, "Two-factor")
    await part.get_by_role("button", name="Switch off").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Switch off").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Add another one before you remove it.")


async def test_a_passkey_or_a_code(visitors: Visitors, open_server: LiveServer) -> None:
    """Somebody with both is offered both; the passkey stands first."""
    email = "both@example.com"
    visitor = await visitors.arrive(url=open_server.url, expected=("403", "401"))
    page = await visitor.open("/register")
    authenticator = await Authenticator.plug_in(page)
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await expect(heading(page, "Your account")).to_be_visible()
    await proof_is_old(page)
    part = section(page, "Two-factor")
    await part.get_by_role("button", name="Add an authenticator app").click()
    dialog = page.get_by_role("dialog", name="Confirm that it is you")
    await dialog.get_by_role("textbox", name="Password").fill(PASSWORD)
    await dialog.get_by_role("button", name="Continue").click()
    phone = await scanned(part)
    await part.get_by_label("Code").fill(phone.code())
    await save_codes(part)

    await proof_is_old(page)
    await section(page, "Passkeys").get_by_role("button", name="Add a passkey").click()
    await dialog.get_by_label("Code").fill(phone.code())
    await expect(section(page, "Passkeys").get_by_role("listitem")).to_have_count(1)
    await proof_is_old(page)
    await part.get_by_role("button", name="Replace the app").click()
    await expect(dialog.get_by_label("Code")).to_be_visible()
    await dialog.get_by_role("button", name="Use your passkey").click()
    await expect(part.get_by_role("heading", name="Replace the authenticator app")).to_be_visible()

    await authenticator.present(False)
    await sign_out(page)
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(heading(page, "Confirm that it is you")).to_be_focused()
    await expect(page.get_by_label("Code")).to_be_visible()
    await authenticator.present(True)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Use your passkey")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(heading(page, "Your account")).to_be_visible()


async def contents(download: Download) -> str:
    return (await download.path()).read_text(encoding="utf-8")


async def clipboard(page: Page) -> str:
    return str(await page.evaluate("navigator.clipboard.readText()"))


async def only_the_codes_are_printed(page: Page, codes: list[str]) -> None:
    """On paper there are the codes with their title, and nothing else of the page."""
    await page.emulate_media(media="print")
    text = await page.evaluate("document.body.innerText")
    assert [line for line in text.split("\n") if line][1:] == codes
    await page.emulate_media(media="screen")
