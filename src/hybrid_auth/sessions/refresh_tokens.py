"""Refresh tokens: ``<user and session>.<generation>.<salt>.<mac>``, each part base64url or decimal. Pure.

The mac (HMAC-SHA-256) is keyed by the server and covers a per-session salt of 256 bits that only the client holds:
the stores know its digest. So a token is refused without any I/O unless this server made it, nothing stored can be
turned into one, the server key alone makes none, and the successor of a generation is a pure function of the token
presented: handing it out twice needs no memory of it (docs/adr/0003).
"""

import re
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from hybrid_auth.core.tokens import (
    TokenDigest,
    decode_base64url,
    derive_keys,
    encode_base64url,
    mac,
    random_bytes,
    same,
    token_digest,
)

MAX_GENERATION = 2**31 - 1
_FORM = re.compile(r"([A-Za-z0-9_-]{43})\.(0|[1-9][0-9]{0,9})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """A refresh token that this server made."""

    user_id: UUID
    session_id: UUID
    generation: int
    salt: str = field(repr=False)

    @property
    def salt_digest(self) -> TokenDigest:
        """What the stores keep of the salt."""
        return token_digest(self.salt)

    def successor(self) -> Self:
        """The token of the next generation."""
        return type(self)(
            user_id=self.user_id, session_id=self.session_id, generation=self.generation + 1, salt=self.salt
        )


class RefreshTokens:
    """Writes and reads refresh tokens under a ring of server keys, newest first."""

    def __init__(self, secret_keys: tuple[str, ...]) -> None:
        self._keys = derive_keys(secret_keys, purpose="refresh-token")

    def first(self, *, user_id: UUID, session_id: UUID) -> RefreshToken:
        """Generation 0 of a new session, with a fresh salt."""
        return RefreshToken(
            user_id=user_id, session_id=session_id, generation=0, salt=encode_base64url(random_bytes(32))
        )

    def write(self, token: RefreshToken) -> str:
        """The token as the client keeps it."""
        subject = encode_base64url(token.user_id.bytes + token.session_id.bytes)
        return f"{subject}.{token.generation}.{token.salt}.{encode_base64url(_mac(self._keys[0], token))}"

    def read(self, text: str) -> RefreshToken | None:
        """The token, or None for anything this server did not write."""
        parts = _FORM.fullmatch(text)
        if parts is None:
            return None
        try:
            subject, proof = decode_base64url(parts[1]), decode_base64url(parts[4])
        except ValueError:
            return None
        token = RefreshToken(
            user_id=UUID(bytes=subject[:16]),
            session_id=UUID(bytes=subject[16:]),
            generation=int(parts[2]),
            salt=parts[3],
        )
        if token.generation >= MAX_GENERATION or not any(same(_mac(key, token), proof) for key in self._keys):
            return None
        return token


def _mac(key: bytes, token: RefreshToken) -> bytes:
    return mac(
        key, token.user_id.bytes, token.session_id.bytes, token.generation.to_bytes(8, "big"), token.salt.encode()
    )
