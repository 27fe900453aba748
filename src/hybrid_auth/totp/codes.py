"""What a one-time code is (RFC 4226, RFC 6238). Pure; the only door to pyotp."""

import base64
import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pyotp import HOTP

from hybrid_auth.core.tokens import same

SECRET_BYTES = 20
"""160 bits (RFC 4226 §4, R6)."""
STEP_SECONDS = 30
DIGITS = 6
WINDOW = 1
"""Steps either way that are accepted (RFC 6238 §5.2)."""
HINT_WINDOW = 10
"""Steps either way in which a code is recognised as one of a clock that runs wrong: 5 minutes."""

Algorithm = Literal["SHA1", "SHA256", "SHA512"]
_DIGESTS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}
_SPACING = re.compile(r"[\s-]+")
# `str.isdigit` would take digits of any script.
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def base32(secret: bytes) -> str:
    """How authenticator apps take a secret: RFC 4648 §6 without padding, 32 characters for 160 bits."""
    return base64.b32encode(secret).rstrip(b"=").decode()


def code_at(secret: bytes, counter: int, *, digits: int = DIGITS, algorithm: Algorithm = "SHA1") -> str:
    """The code of a counter (RFC 4226 §5.3), of a time step for TOTP; leading zeros kept."""
    return HOTP(base32(secret), digits=digits, digest=_DIGESTS[algorithm]).at(counter)


def step_at(moment: datetime) -> int:
    """The time step of a moment (RFC 6238 §4.2, T0 = 0)."""
    return int(moment.timestamp()) // STEP_SECONDS


def clean_code(text: str) -> str | None:
    """Six ASCII digits, without the spaces or dashes apps show; None for anything else."""
    digits = _SPACING.sub("", text)
    return digits if _CODE.fullmatch(digits) else None


def matching_step(secret: bytes, code: str, *, around: int) -> int | None:
    """The step nearest to `around` whose code this is, at most `HINT_WINDOW` away; None where there is none."""
    steps = (around + offset for offset in _nearest_first(HINT_WINDOW))
    return next((step for step in steps if same(code_at(secret, step).encode(), code.encode())), None)


def _nearest_first(window: int) -> Iterable[int]:
    return sorted(range(-window, window + 1), key=abs)
