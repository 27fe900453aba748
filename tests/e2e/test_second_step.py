"""Signing in with two factors, through the browser."""

import re

from playwright.async_api import expect

from tests.e2e.accounts import PASSWORD, join_with_app
from tests.e2e.authenticator import Authenticator
from tests.e2e.browsing import Visitors, fill_credentials, heading, section
from tests.e2e.second_step import join_strictly, save_codes, scanned, second_step, sign_out
from tests.support.live_server import LiveServer


async def test_a_pasted_code_signs_in(visitors: Visitors, server: LiveServer) -> None:
    """With the space apps show in it; the form sends itself, without a press of a button."""
    email = "paste@example.com"
    phone = join_with_app(server, email)
    visitor = await visitors.arrive()
    await visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await visitor.open("/")
    await second_step(page, email)
    field = page.get_by_label("Code")
    await expect(field).to_have_attribute("autocomplete", "one-time-code")
    await expect(field).to_have_attribute("inputmode", "numeric")
    code = phone.code()
    await page.evaluate("text => navigator.clipboard.writeText(text)", f" {code[:3]} {code[3:]} ")
    await page.keyboard.press("ControlOrMeta+v")
    await expect(heading(page, "Your account")).to_be_focused()
    await page.reload()
    await expect(heading(page, "Your account")).to_be_visible()


async def test_wrong_codes_and_a_wrong_clock(visitors: Visitors, server: LiveServer) -> None:
    """Each refusal is read out with the field, a clock that is wrong by name; after five there is a wait."""
    email = "clock@example.com"
    phone = join_with_app(server, email)
    page = await (await visitors.arrive(expected=("401", "429"))).open("/")
    await second_step(page, email)
    field = page.get_by_label("Code")
    send = page.get_by_role("button", name="Sign in", exact=True)
    await field.fill(phone.code_of_a_clock(minutes=4))
    await expect(field).to_have_accessible_description(re.compile("seems to be 4 minutes ahead"))
    await expect(field).to_be_focused()
    await field.fill(phone.code_of_a_clock(minutes=-3))
    await send.click()
    await expect(field).to_have_accessible_description(re.compile("seems to be [34] minutes behind"))
    for _ in range(3):
        async with page.expect_response("**/auth/login/totp") as answered:
            await field.fill(phone.code_of_a_clock(minutes=60))
            await send.click()
        assert (await answered.value).status == 401
        await expect(field).to_have_accessible_description(re.compile("That code is not right"))
    await field.fill(phone.code())
    await send.click()
    await expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Too many attempts\. Try again in \d+ seconds"))
    await expect(field).to_be_focused()


async def test_a_sign_in_that_took_too_long(visitors: Visitors, server: LiveServer) -> None:
    """The page goes back to the start by itself, and says so without an alarm; the person can go back too."""
    email = "slow@example.com"
    join_with_app(server, email)
    page = await (await visitors.arrive()).open("/")
    await page.clock.install()
    await second_step(page, email)
    await page.clock.fast_forward(300_000)
    await expect(heading(page, "Sign in")).to_be_focused()
    await expect(page.get_by_role("status").filter(has_text="This sign-in took too long")).to_be_visible()
    await expect(page.get_by_role("alert")).to_be_empty()
    await second_step(page, email)
    await page.get_by_role("button", name="Start again").click()
    await expect(heading(page, "Sign in")).to_be_focused()
    await expect(page.get_by_role("status")).to_have_text(["", ""])


async def test_a_sign_in_the_server_has_forgotten(visitors: Visitors, server: LiveServer) -> None:
    """Finished in one tab, it is over in the other: that one leads back to the start, calmly."""
    email = "forgotten@example.com"
    phone = join_with_app(server, email)
    page = await (await visitors.arrive(expected=("401",))).open("/")
    await page.route("**/auth/login", lambda route: route.fulfill(json=FORGOTTEN))
    await second_step(page, email)
    await page.get_by_label("Code").fill(phone.code())
    await expect(heading(page, "Sign in")).to_be_focused()
    await expect(page.get_by_role("status").filter(has_text="This sign-in took too long")).to_be_visible()


async def test_the_phone_is_lost(visitors: Visitors, server: LiveServer) -> None:
    """In by a recovery code, however it is typed; the app is replaced at once, and the old one opens nothing."""
    email = "lost@example.com"
    lost = join_with_app(server, email)
    page = await (await visitors.arrive(expected=("401",))).open("/")
    await second_step(page, email)
    await page.get_by_role("button", name="Use a recovery code instead").click()
    await expect(heading(page, "Use a recovery code")).to_be_visible()
    field = page.get_by_label("Recovery code")
    await expect(field).to_be_focused()
    await field.fill("not a code")
    await page.keyboard.press("Enter")
    await expect(field).to_have_accessible_description(re.compile("That code is not right"))
    await field.fill(lost.recovery_codes[0].lower().replace("-", " "))
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("You signed in with a recovery code.")).to_be_visible()
    part = section(page, "Two-factor")
    await expect(part.get_by_text("9 recovery codes are left.")).to_be_visible()

    await page.get_by_role("link", name="9 codes are left: see two-factor.").click()
    await page.keyboard.press("Tab")
    await expect(part.get_by_role("button", name="Replace the app")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(part.get_by_role("heading", name="Replace the authenticator app")).to_be_focused()
    found = await scanned(part)
    await part.get_by_label("Code").fill(found.code())
    await save_codes(part)
    await expect(part.get_by_role("status").filter(has_text="The new app is in force.")).to_be_visible()
    await expect(page.get_by_text("You signed in with a recovery code.")).to_have_count(0)

    await sign_out(page)
    await second_step(page, email)
    await page.get_by_label("Code").fill(lost.code())
    await expect(page.get_by_label("Code")).to_have_accessible_description(re.compile("That code is not right"))
    await page.get_by_label("Code").fill(found.code())
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(heading(page, "Your account")).to_be_visible()


async def test_a_required_app(visitors: Visitors, strict_server: LiveServer) -> None:
    """The password alone opens the enrolment only; the account comes after the recovery codes were saved."""
    email = "required-app@example.com"
    page = await (await visitors.arrive(url=strict_server.url, expected=("401",))).open("/register")
    phone = await join_strictly(page, email)
    await expect(page.locator(".codes li")).to_have_count(10)
    await save_codes(page.get_by_role("main"))
    await expect(heading(page, "Your account")).to_be_visible()
    await expect(section(page, "Two-factor").get_by_text("10 recovery codes are left.")).to_be_visible()
    await page.reload()
    await expect(heading(page, "Your account")).to_be_visible()
    await sign_out(page)
    await second_step(page, email)
    await page.get_by_label("Code").fill(phone.code())
    await expect(heading(page, "Your account")).to_be_visible()


async def test_a_required_passkey(visitors: Visitors, strict_server: LiveServer) -> None:
    """At a later sign-in as at the registration; a cancel is calm; from then on the passkey is all that is asked."""
    email = "required-passkey@example.com"
    page = await (await visitors.arrive(url=strict_server.url, expected=("401",))).open("/register")
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Create account").click()
    await expect(heading(page, "This service asks for a second factor")).to_be_focused()
    await page.get_by_role("button", name="Start again").click()
    authenticator = await Authenticator.plug_in(page)
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(heading(page, "This service asks for a second factor")).to_be_focused()
    await authenticator.knows_its_owner(False)
    await page.get_by_role("button", name="Create a passkey").click()
    await expect(page.get_by_role("status").filter(has_text="No passkey was created.")).to_be_visible()
    await authenticator.knows_its_owner(True)
    await page.get_by_role("button", name="Create a passkey").click()
    await expect(heading(page, "Your account")).to_be_visible()

    await authenticator.present(False)
    await sign_out(page)
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(heading(page, "Confirm that it is you")).to_be_focused()
    await expect(page.get_by_label("Code")).to_have_count(0)
    await authenticator.present(True)
    await page.get_by_role("button", name="Use your passkey").click()
    await expect(heading(page, "Your account")).to_be_visible()


FORGOTTEN = {"status": "second_factor_required", "mfa_token": "forgotten", "expires_in": 300, "methods": ["totp"]}
"""What the server answered to a right password, a while ago."""
