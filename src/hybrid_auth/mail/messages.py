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
