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
