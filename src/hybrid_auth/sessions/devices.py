"""A few words for people to recognise a device by. A user agent is a claim, so nothing is ever decided by it."""

from functools import lru_cache

import msgspec
import ua_parser


class Device(msgspec.Struct, frozen=True):
    """What a user agent says of itself."""

    browser: str | None
    os: str | None
    label: str
    """E.g. ``Firefox on Linux``; never empty."""


@lru_cache(maxsize=2048)
def recognise(user_agent: str | None) -> Device:
    """Browser and operating system of a `User-Agent` header."""
    if not user_agent:
        return Device(None, None, "Unknown device")
    parsed = ua_parser.parse(user_agent)
    browser = parsed.user_agent.family if parsed.user_agent else None
    system = parsed.os.family if parsed.os else None
    if browser and system:
        return Device(browser, system, f"{browser} on {system}")
    return Device(browser, system, browser or system or user_agent.split("/", 1)[0][:40] or "Unknown device")
