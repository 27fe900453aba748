"""The mails of the service, as pure functions."""

from datetime import datetime

import msgspec


class Message(msgspec.Struct, frozen=True):
    """A mail in plain text."""

    recipient: str
    subject: str
    text: str


def verify_email(*, recipient: str, app_name: str, link: str, device: str, moment: datetime) -> Message:
    """To whoever owns the address that was registered."""
    return Message(
        recipient=recipient,
        subject=f"Confirm your email address for {app_name}",
        text=(
            f"Somebody, hopefully you, wants to use this address for {app_name}: on {moment:%d %B %Y at %H:%M} UTC, "
            f"with {device}.\n\n"
            f"To confirm it, open this link and press the button there:\n\n{link}\n\n"
            "The link works for 24 hours, and only the newest one does. If it was not you, or that is not your device, "
            "do not follow it: whoever registered chose the password. Without the link nothing happens.\n"
        ),
    )


def already_registered(*, recipient: str, app_name: str, sign_in_url: str) -> Message:
    """To the owner of an address that somebody tried to register again."""
    return Message(
        recipient=recipient,
        subject=f"You already have an account at {app_name}",
        text=(
            f"Somebody, hopefully you, tried to register this address at {app_name}, which has an account already.\n\n"
            f"To sign in, go to {sign_in_url}\n\n"
            "If it was not you, you need not do anything: nothing was changed.\n"
        ),
    )


def passkey_added(*, recipient: str, app_name: str, name: str) -> Message:
    """To the owner of an account that got a new passkey."""
    return Message(
        recipient=recipient,
        subject=f"A passkey was added to your {app_name} account",
        text=(
            f"The passkey \u201c{name}\u201d can now sign in to your {app_name} account.\n\n"
            "If it was not you, sign in, delete that passkey, change your password and sign out everywhere.\n"
        ),
    )


def passkey_suspected(*, recipient: str, app_name: str, name: str) -> Message:
    """To the owner of a passkey whose counter went back."""
    return Message(
        recipient=recipient,
        subject=f"A sign-in to your {app_name} account was refused",
        text=(
            f"Somebody tried to sign in with your passkey \u201c{name}\u201d, but the security key reported a use "
            "that lies in the past. That happens when a key was copied, and rarely when it is faulty.\n\n"
            "The sign-in was refused. If you see this again, delete that passkey and make a new one on another key.\n"
        ),
    )


def totp_enabled(*, recipient: str, app_name: str) -> Message:
    """To the owner of an account that asks for codes of an authenticator app from now on."""
    return Message(
        recipient=recipient,
        subject=f"Two-factor sign-in is on for your {app_name} account",
        text=(
            f"From now on your {app_name} account asks for a code of your authenticator app after the password. "
            "You were signed out everywhere else.\n\n"
            "If it was not you, reset your password at once and get in touch with whoever runs the service.\n"
        ),
    )


def totp_disabled(*, recipient: str, app_name: str) -> Message:
    """To the owner of an account that asks for no such codes any more."""
    return Message(
        recipient=recipient,
        subject=f"Two-factor sign-in is off for your {app_name} account",
        text=(
            f"Your {app_name} account no longer asks for a code of an authenticator app. "
            "Its recovery codes do not work any more.\n\n"
            "If it was not you, sign in, change your password, sign out everywhere and turn it on again.\n"
        ),
    )


def recovery_code_used(*, recipient: str, app_name: str, left: int) -> Message:
    """To the owner of an account somebody signed in to with a recovery code."""
    return Message(
        recipient=recipient,
        subject=f"A recovery code was used for your {app_name} account",
        text=(
            f"Somebody signed in to your {app_name} account with your password and a recovery code. "
            f"Recovery codes left: {left}.\n\n"
            "If it was not you, sign in, change your password, sign out everywhere and make new recovery codes.\n"
        ),
    )


def recovery_codes_replaced(*, recipient: str, app_name: str) -> Message:
    """To the owner of an account that got new recovery codes."""
    return Message(
        recipient=recipient,
        subject=f"New recovery codes for your {app_name} account",
        text=(
            f"New recovery codes were made for your {app_name} account; the old ones do not work any more.\n\n"
            "If it was not you, sign in, change your password, sign out everywhere and make new ones.\n"
        ),
    )
