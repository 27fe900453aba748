"""Sealing what must be read again later: signing keys, mail links, TOTP secrets."""

import hashlib
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hybrid_auth.core.tokens import derive_keys, random_bytes

_VERSION = b"\x01"
_KEY_ID_LENGTH = 4
_NONCE_LENGTH = 12


class CannotOpen(Exception):
    """The sealed value was changed, moved to another place, or its key is gone."""


class SecretBox:
    """AES-256-GCM under a key ring: seals with the newest key, opens with any (NIST SP 800-38D).

    A sealed value is ``version(1) · key id(4) · nonce(12) · ciphertext and tag``. The context (which table, row and
    person it belongs to) is authenticated with it, so a value copied to another row does not open there.
    """

    def __init__(self, secret_keys: Sequence[str]) -> None:
        if not secret_keys:
            msg = "at least one secret key is needed"
            raise ValueError(msg)
        keys = derive_keys(secret_keys, purpose="secretbox")
        self._keys = {hashlib.sha256(key).digest()[:_KEY_ID_LENGTH]: AESGCM(key) for key in keys}
        self._newest = next(iter(self._keys))

    @property
    def newest_header(self) -> bytes:
        """What every value begins with that the newest key sealed."""
        return _VERSION + self._newest

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """Seal `plaintext` to `context`, e.g. ``"signing_key:<kid>"``."""
        nonce = random_bytes(_NONCE_LENGTH)
        header = self.newest_header
        return header + nonce + self._keys[self._newest].encrypt(nonce, plaintext, header + context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Open what `seal` made for the same context; CannotOpen otherwise."""
        header, nonce = sealed[: 1 + _KEY_ID_LENGTH], sealed[1 + _KEY_ID_LENGTH : 1 + _KEY_ID_LENGTH + _NONCE_LENGTH]
        key = self._keys.get(header[1:])
        if header[:1] != _VERSION or key is None:
            msg = "sealed with a key that is not configured"
            raise CannotOpen(msg)
        try:
            return key.decrypt(nonce, sealed[len(header) + _NONCE_LENGTH :], header + context.encode())
        except (InvalidTag, ValueError) as error:
            msg = "sealed value does not open"
            raise CannotOpen(msg) from error
