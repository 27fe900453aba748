"""What a recovery code is. Pure."""

import base64
import re

from hybrid_auth.core.tokens import random_bytes

CODE_BYTES = 15
"""120 bits: 24 base32 characters."""
GROUP = 4

# Matched before it is put into upper case: that makes ASCII letters of others too, such as a dotless i.
_CODE = re.compile(r"[A-Za-z2-7]{24}", re.ASCII)
_SPACING = re.compile(r"[\s-]+")


def new_code() -> str:
    """24 base32 characters, as `clean_code` returns them."""
    return base64.b32encode(random_bytes(CODE_BYTES)).decode()


def grouped(code: str) -> str:
    """For reading: ``ABCD-EFGH-…``."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def clean_code(text: str) -> str | None:
    """The code without regard to case, spaces and dashes; None for what cannot be one."""
    code = _SPACING.sub("", text)
    return code.upper() if _CODE.fullmatch(code) else None
