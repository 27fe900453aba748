"""Random values, digests and the keys derived from the service's secrets."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import NewType

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

TokenDigest = NewType("TokenDigest", bytes)
"""SHA-256 of a random token: what is stored. The token itself is handed out once."""


def random_token() -> str:
    """256 random bits, base64url without padding (43 characters)."""
    return secrets.token_urlsafe(32)


def random_bytes(length: int) -> bytes:
    """`length` bytes from the operating system's generator."""
    return secrets.token_bytes(length)


def token_digest(token: str) -> TokenDigest:
    """SHA-256 of a token of at least 128 random bits; such a one needs no slow hash (ASVS 5.0 §11.4)."""
    return TokenDigest(hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest())


def derive_keys(secret_keys: Sequence[str], *, purpose: str) -> tuple[bytes, ...]:
    """One 256-bit key per configured secret, newest first, for one purpose only (HKDF, RFC 5869)."""
    info = f"hybrid-auth/{purpose}".encode()
    return tuple(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(s.encode()) for s in secret_keys)


def mac(key: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA-256 over length-prefixed parts, so that no two lists of parts give the same input."""
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(key, message, "sha256")


def same(left: bytes, right: bytes) -> bool:
    """Equality in time that does not depend on the contents."""
    return hmac.compare_digest(left, right)


def encode_base64url(data: bytes) -> str:
    """RFC 4648 §5 without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes:
    """The strict inverse: ValueError for padding, foreign characters or stray trailing bits."""
    raw = text.encode("ascii")
    data = base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    if encode_base64url(data) != text:
        msg = "not canonical base64url"
        raise ValueError(msg)
    return data
