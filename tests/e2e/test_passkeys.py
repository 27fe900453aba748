"""Passkeys in the browser, with Chromium's virtual authenticators."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.e2e.accounts import PASSWORD, join
from tests.e2e.appearance import SIZES, examine
from tests.e2e.authenticator import Authenticator
from tests.e2e.browsing import Scheme, Visitors, fill_credentials, heading, password_field, section
from tests.support.live_server import LiveServer

# A silent creation asks a password manager that headless Chromium has not got. This one answers as such a manager does:
# a passkey without a dialog, out of the same authenticator. All else of the ceremony is the browser's own.
WILLING_MANAGER = """
    const create = navigator.credentials?.create.bind(navigator.credentials);
    if (create) navigator.credentials.create = ({mediation, ...options}) => {
        window.silently = mediation === 'conditional';
        return create(options);
    };
"""


async def test_creating_a_passkey_and_signing_in_with_autofill(visitors: Visitors, server: LiveServer) -> None:
    """Offered after the sign-in with a password; from then on the list below the email field is enough."""
    page, authenticator = await arrive(visitors, server, "autofill@example.com")
    await create(page)
    await expect(page.get_by_role("region", name="Create a passkey")).to_have_count(0)
    item = section(page, "Passkeys").get_by_role("listitem")
    await expect(item).to_contain_text("Chrome on Linux")
    await expect(item).to_contain_text("Synced")
    await expect(item).to_contain_text("Not used yet")

    await sign_out(page, authenticator)
    await choose_in_autofill(page, authenticator)
    await expect(item).to_contain_text("Last used just now")


async def test_signing_in_with_the_button(visitors: Visitors, server: LiveServer) -> None:
    """The button ends the waiting autofill, and asks by itself."""
    page, authenticator = await arrive(visitors, server, "button@example.com")
    await create(page)
    await sign_out(page, authenticator)
    await authenticator.present(True)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(heading(page, "Your account")).to_be_visible()


async def test_a_cancel_is_told_calmly_and_autofill_goes_on(visitors: Visitors, server: LiveServer) -> None:
    """No alarm, the button is ready again, and the list below the email field still offers the passkey."""
    page, authenticator = await arrive(visitors, server, "cancel@example.com")
    await create(page)
    await sign_out(page, authenticator)
    await authenticator.knows_its_owner(False)
    await authenticator.present(True)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    status = page.get_by_role("status").filter(has_text="No passkey was used.")
    await expect(status).to_be_visible()
    await expect(page.get_by_role("alert")).to_be_empty()
    await authenticator.knows_its_owner(True)
    await expect(heading(page, "Your account")).to_be_visible()


async def test_a_cancelled_creation_creates_nothing(visitors: Visitors, server: LiveServer) -> None:
    """The offer stays, and so does the account."""
    page, authenticator = await arrive(visitors, server, "second-thoughts@example.com")
    await authenticator.knows_its_owner(False)
    await page.get_by_role("button", name="Create a passkey").click()
    await expect(page.get_by_role("status").filter(has_text="No passkey was created.")).to_be_visible()
    await expect(page.get_by_role("button", name="Create a passkey")).to_be_visible()
    assert await authenticator.keys() == []


async def test_two_authenticators_and_a_duplicate(visitors: Visitors, server: LiveServer) -> None:
    """A second key beside the first, each on its own line; a third on the same one is no alarm."""
    page, laptop = await arrive(visitors, server, "two@example.com")
    await create(page)
    await sign_in_again(page, laptop)
    passkeys = section(page, "Passkeys")
    await laptop.present(False)
    key = await Authenticator.plug_in(page, transport="usb", synced=False)
    await add(page)
    await expect(passkeys.get_by_role("listitem")).to_have_count(2)
    await expect(passkeys.get_by_role("listitem").filter(has_text="This device only")).to_have_count(1)
    assert [len(await one.keys()) for one in (laptop, key)] == [1, 1]

    await passkeys.get_by_role("button", name="Add a passkey").click()
    there = "This device or password manager already has a passkey for your account."
    await expect(passkeys.get_by_role("status").filter(has_text=there)).to_be_visible()
    await expect(passkeys.get_by_role("alert")).to_be_empty()
    await expect(passkeys.get_by_role("listitem")).to_have_count(2)


async def test_renaming(visitors: Visitors, server: LiveServer) -> None:
    """The new name is there after a reload too, and the focus goes back to where it was."""
    page, _ = await arrive(visitors, server, "rename@example.com")
    await create(page)
    passkeys = section(page, "Passkeys")
    await passkeys.get_by_role("button", name="Rename").click()
    await expect(passkeys.get_by_label("Name of the passkey")).to_be_focused()
    await passkeys.get_by_label("Name of the passkey").fill("Kitchen laptop")
    await page.keyboard.press("Enter")
    await expect(passkeys.get_by_role("status").filter(has_text="Name saved.")).to_be_visible()
    await expect(passkeys.get_by_role("button", name="Rename Kitchen laptop")).to_be_focused()
    await page.reload()
    await expect(passkeys.get_by_role("listitem")).to_contain_text("Kitchen laptop")


async def test_a_deleted_passkey_is_signalled_away(visitors: Visitors, server: LiveServer) -> None:
    """Deleting asks for a passkey first, then goes on by itself; the key leaves its authenticator as well."""
    page, authenticator = await arrive(visitors, server, "delete@example.com", expected=("403",))
    await create(page)
    passkeys = section(page, "Passkeys")
    await passkeys.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog", name="Delete this passkey?").get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Use your passkey").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(passkeys.get_by_role("status").filter(has_text="is deleted.")).to_be_visible()
    await expect(passkeys.get_by_role("listitem")).to_have_count(0)
    await emptied(page, authenticator)


async def test_a_passkey_deleted_elsewhere(visitors: Visitors, server: LiveServer) -> None:
    """The next sign-in with it says so, and the key is taken out of the authenticator that still has it."""
    page, laptop = await arrive(visitors, server, "elsewhere@example.com")
    await create(page)
    phone = await (await visitors.arrive(expected=("401",))).open("/")
    same = await Authenticator.plug_in(phone, present=False)
    await same.add((await laptop.keys())[0])
    await sign_in_again(page, laptop)
    await section(page, "Passkeys").get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(section(page, "Passkeys").get_by_text("You have no passkey yet.")).to_be_visible()

    await same.present(True)
    await phone.get_by_role("button", name="Sign in with a passkey").click()
    await expect(phone.get_by_role("alert")).to_contain_text("no longer linked to an account")
    await emptied(phone, same)


async def test_a_passkey_without_a_question(visitors: Visitors, server: LiveServer) -> None:
    """Right after a sign-in with a password a willing password manager keeps one, and the page says so."""
    email = "silent@example.com"
    join(server, email)
    visitor = await visitors.arrive()
    await visitor.context.add_init_script(WILLING_MANAGER)
    page = await visitor.open("/")
    authenticator = await Authenticator.plug_in(page)
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("status").filter(has_text="has kept a passkey for you")).to_be_visible()
    assert await page.evaluate("window.silently")
    await expect(section(page, "Passkeys").get_by_role("listitem")).to_have_count(1)
    await expect(page.get_by_role("button", name="Create a passkey")).to_have_count(0)
    assert len(await authenticator.keys()) == 1


async def test_a_silent_creation_gives_way(visitors: Visitors, server: LiveServer) -> None:
    """Chromium's own never ends here; the person's creation does not wait for it."""
    page, authenticator = await arrive(visitors, server, "impatient@example.com")
    await add(page)
    assert len(await authenticator.keys()) == 1


async def test_saying_no_is_for_good(visitors: Visitors, server: LiveServer) -> None:
    """The offer is not made again; the way to a passkey stays in its place."""
    email = "no-thanks@example.com"
    page, authenticator = await arrive(visitors, server, email)
    await page.get_by_role("button", name="Not now").click()
    await expect(page.get_by_role("button", name="Create a passkey")).to_have_count(0)
    await expect(heading(page, "Your account")).to_be_focused()
    await sign_out(page, authenticator)
    async with page.expect_response("**/registration/options") as asked:
        await fill_credentials(page, email, PASSWORD)
        await page.get_by_role("button", name="Sign in", exact=True).click()
    assert (await asked.value).status == 204
    await expect(section(page, "Passkeys").get_by_role("button", name="Add a passkey")).to_be_visible()
    await expect(section(page, "Passkeys").get_by_text("You have no passkey yet.")).to_be_visible()
    await expect(page.get_by_role("button", name="Create a passkey")).to_have_count(0)


async def test_a_copied_key_is_refused_and_marked(visitors: Visitors, server: LiveServer) -> None:
    """A counter that goes back on a key that cannot be synced: no sign-in, and the list says which to look at."""
    email = "copied@example.com"
    page, authenticator = await arrive(visitors, server, email, synced=False, expected=("400",))
    await create(page)
    await authenticator.set_counter(100)
    await sign_in_again(page, authenticator)
    await sign_out(page, authenticator)
    await authenticator.set_counter(1)
    await authenticator.present(True)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_role("alert")).to_contain_text("The passkey could not be checked.")
    await authenticator.present(False)
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(section(page, "Passkeys").get_by_role("listitem")).to_contain_text("Check this one")


async def test_a_key_that_did_not_verify_its_owner_is_refused(visitors: Visitors, server: LiveServer) -> None:
    """The server sees that the flag is missing, whatever the browser let pass."""
    page, authenticator = await arrive(visitors, server, "unverified@example.com", expected=("400",))
    await create(page)
    await sign_out(page, authenticator)
    await authenticator.leaves_out_verification(True)
    await authenticator.present(True)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_role("alert")).to_contain_text("The passkey could not be checked.")
    await expect(heading(page, "Sign in")).to_be_visible()


async def test_an_account_without_a_password(visitors: Visitors, server: LiveServer) -> None:
    """Register, open the mailed link, make the passkey, be in; the last one stays; a password can come later."""
    email = "passkey-only@example.com"
    visitor = await visitors.arrive(expected=("403", "409"))
    page = await visitor.open("/register")
    authenticator = await Authenticator.plug_in(page)
    await page.get_by_role("button", name="Use a passkey instead of a password").click()
    await expect(password_field(page)).to_have_count(0)
    await page.get_by_label("Email").fill(email)
    before = len(server.printed())
    await page.get_by_role("button", name="Create account").click()
    await expect(heading(page, "Check your mail")).to_be_focused()
    await page.goto(f"{visitor.url}/verify-email#token={server.link_token('/verify-email', after=before)}")
    await page.get_by_role("button", name="Confirm address").click()
    await expect(heading(page, "Create your passkey")).to_be_focused()
    await authenticator.knows_its_owner(False)
    await page.get_by_role("button", name="Create passkey").click()
    await expect(page.get_by_role("status").filter(has_text="No passkey was created.")).to_be_visible()
    await authenticator.knows_its_owner(True)
    await page.get_by_role("button", name="Create passkey").click()
    await expect(heading(page, "Your account")).to_be_visible()
    await expect(page).to_have_url(re.compile("/account$"))

    passkeys = section(page, "Passkeys")
    await passkeys.get_by_role("button", name=re.compile("^Delete")).click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("the last way to sign in")
    await page.keyboard.press("Escape")

    await sign_in_again(page, authenticator)
    form = section(page, "Password")
    await expect(form.get_by_role("textbox", name="Current password")).to_have_count(0)
    await form.get_by_role("textbox", name="New password").fill(PASSWORD)
    await form.get_by_role("button", name="Add password").click()
    await expect(form.get_by_role("status").filter(has_text="Password added.")).to_be_visible()
    await expect(form.get_by_role("textbox", name="Current password")).to_be_visible()
    await sign_out(page, authenticator)
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(heading(page, "Your account")).to_be_visible()


async def test_proving_it_with_a_passkey(visitors: Visitors, server: LiveServer) -> None:
    """Where the account has one, it is asked for before the account is deleted; a cancel deletes nothing."""
    page, authenticator = await arrive(visitors, server, "step-up@example.com", expected=("403",))
    await create(page)
    await section(page, "Delete account").get_by_role("button").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    dialog = page.get_by_role("dialog", name="Confirm that it is you")
    await authenticator.knows_its_owner(False)
    await dialog.get_by_role("button", name="Use your passkey").click()
    await expect(dialog.get_by_role("status").filter(has_text="No passkey was used.")).to_be_visible()
    await authenticator.knows_its_owner(True)
    # The virtual authenticator takes what the sign-in page offers by itself; that answer is none of this test's.
    await page.route("**/authentication/verify", lambda _: None)
    await dialog.get_by_role("button", name="Use your passkey").click()
    await expect(page.get_by_text("Your account and its data are deleted.")).to_be_visible()


async def test_a_browser_without_passkeys(visitors: Visitors, server: LiveServer) -> None:
    """One line says why, nothing offers what cannot work, and the password still does."""
    email = "old-browser@example.com"
    join(server, email)
    visitor = await visitors.arrive()
    await visitor.context.add_init_script("delete window.PublicKeyCredential")
    page = await visitor.open("/")
    await expect(page.get_by_text("Passkeys need HTTPS and a browser that knows them.")).to_be_visible()
    await expect(page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    passkeys = section(page, "Passkeys")
    await expect(passkeys.get_by_text("Passkeys need HTTPS and a browser that knows them.")).to_be_visible()
    await expect(page.get_by_role("button", name=re.compile("passkey"))).to_have_count(0)


@SIZES
@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "en-US"), ("light", "ko-KR")])
async def test_how_it_looks(
    visitors: Visitors, server: LiveServer, pictures: Path, viewport: ViewportSize, scheme: Scheme, locale: str
) -> None:
    """The offer, the list, its dialogs, the calm messages and the sign-up fit the screen and pass axe."""
    look = f"{viewport['width']}-{scheme}-{locale[:2]}"
    email = f"look-{look}@example.com"
    join(server, email)
    visitor = await visitors.arrive(viewport=viewport, scheme=scheme, locale=locale, expected=("403", "400"))
    page = await visitor.open("/")
    authenticator = await Authenticator.plug_in(page, present=False, synced=False)
    await page.locator("[name=email]").fill(email)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("[type=submit]").click()
    await examine(page, pictures / f"passkey-offer-{look}.png", wait_for=".offer")
    await authenticator.present(True)
    await page.locator(".offer .primary").click()
    await examine(page, pictures / f"passkey-made-{look}.png", wait_for=".first .news")

    await authenticator.set_counter(100)
    await sign_in_again(page, authenticator)
    await sign_out(page, authenticator)
    await authenticator.knows_its_owner(False)
    await authenticator.present(True)
    await page.locator(".alternatives .button").click()
    await examine(page, pictures / f"passkey-cancelled-{look}.png", wait_for=".message.calm")
    await authenticator.present(False)
    await authenticator.knows_its_owner(True)
    await authenticator.set_counter(1)
    await authenticator.present(True)
    await page.locator(".alternatives .button").click()
    await expect(page.locator(".message.problem")).to_be_visible()
    await authenticator.present(False)
    await page.locator("[name=email]").fill(email)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("[type=submit]").click()
    await examine(page, pictures / f"passkey-suspected-{look}.png", wait_for=".devices .badge:not(.plain, .good)")
    await page.locator(".devices").first.locator(".actions .button").last.click()
    await examine(page, pictures / f"passkey-delete-{look}.png", wait_for="dialog", full=False)
    await page.locator("dialog .danger").click()
    await examine(page, pictures / f"passkey-proof-{look}.png", wait_for="dialog .primary", full=False)
    await page.keyboard.press("Escape")
    await page.locator(".devices").first.locator(".actions .button").first.click()
    await examine(page, pictures / f"passkey-rename-{look}.png", wait_for=".devices form")

    newcomer = await visitors.arrive(viewport=viewport, scheme=scheme, locale=locale)
    page = await newcomer.open("/register")
    await page.locator(".alternatives .button").click()
    await examine(page, pictures / f"passkey-register-{look}.png", wait_for=".alternatives")
    await page.locator("[name=email]").fill(f"new-{email}")
    before = len(server.printed())
    await page.locator("[type=submit]").click()
    token = server.link_token("/verify-email", after=before)
    await page.goto(f"{newcomer.url}/verify-email#token={token}")
    await page.locator("[type=submit]").click()
    await examine(page, pictures / f"passkey-enrol-{look}.png", wait_for="h1:focus")


async def arrive(
    visitors: Visitors, server: LiveServer, email: str, *, synced: bool = True, expected: tuple[str, ...] = ()
) -> tuple[Page, Authenticator]:
    """A new person at their account page, signed in with the password, and an authenticator in the tab."""
    join(server, email)
    page = await (await visitors.arrive(expected=expected)).open("/")
    authenticator = await Authenticator.plug_in(page, synced=synced)
    await fill_credentials(page, email, PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(heading(page, "Your account")).to_be_visible()
    return page, authenticator


async def create(page: Page) -> None:
    """Take up the offer."""
    await page.get_by_role("button", name="Create a passkey").click()
    await expect(page.get_by_role("status").filter(has_text="is ready.")).to_be_visible()


async def add(page: Page) -> None:
    """Make another one, from the list."""
    await section(page, "Passkeys").get_by_role("button", name="Add a passkey").click()
    await expect(section(page, "Passkeys").get_by_role("status").filter(has_text="is ready.")).to_be_visible()


async def sign_out(page: Page, authenticator: Authenticator) -> None:
    """Back to the sign-in page, where nobody touches the authenticator for now."""
    await authenticator.present(False)
    async with page.expect_response("**/auth/logout"):
        await page.get_by_role("banner").get_by_role("button").click()
    await expect(page.locator("[name=email]")).to_have_attribute("autocomplete", "username webauthn")


async def sign_in_again(page: Page, authenticator: Authenticator) -> None:
    """With the passkey: a recent proof, for what needs one."""
    await sign_out(page, authenticator)
    await choose_in_autofill(page, authenticator)


async def choose_in_autofill(page: Page, authenticator: Authenticator) -> None:
    """The virtual authenticator takes the list's only entry by itself, where it was there when the list was made."""
    await authenticator.present(True)
    await page.reload()
    await expect(page).to_have_url(re.compile("/account$"))


async def emptied(page: Page, authenticator: Authenticator) -> None:
    """Wait until the authenticator has lost its keys: a signal takes its own time."""
    for _ in range(50):
        if not await authenticator.keys():
            return
        await page.wait_for_timeout(100)
    pytest.fail("the authenticator still has the key")
