"""Making tokens that nobody should accept: compact JWS by hand, with any header, payload and key (RFC 7515)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.support.service import Client, Service

ABSENT = object()
"""As a value: leave the field out."""


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def dump(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def sign_es256(key: EllipticCurvePrivateKey, signed: bytes) -> bytes:
    r, s = decode_dss_signature(key.sign(signed, ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def sign_hs256(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, hashlib.sha256)


@dataclass(frozen=True, slots=True)
class Forger:
    """Somebody who has a token of a living session and, for the worst cases, the very key it was signed with."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    token: str
    key: EllipticCurvePrivateKey

    @classmethod
    async def of(cls, service: Service, client: Client) -> "Forger":
        """From the token of a client that is signed in."""
        token = client.access_token or ""
        header, claims, _ = token.split(".")
        keys = await service.services.signing_keys.load()
        [key] = [key.private for key in keys if key.key_id == json.loads(decode(header))["kid"]]
        return cls(json.loads(decode(header)), json.loads(decode(claims)), token, key)

    def signed(self, *, header: Mapping[str, Any] | None = None, claims: Mapping[str, Any] | None = None) -> str:
        """Our own key's signature over a header and claims that were changed in these fields."""
        return self.over(dump(_changed(self.header, header)), dump(_changed(self.claims, claims)))

    def over(self, header: bytes, claims: bytes) -> str:
        """Our own key's signature over these bytes."""
        text = f"{encode(header)}.{encode(claims)}"
        return f"{text}.{encode(sign_es256(self.key, text.encode()))}"

    def unsigned(self, *, header: Mapping[str, Any]) -> str:
        """Header and claims with the dot that a signature would follow."""
        return f"{encode(dump(_changed(self.header, header)))}.{encode(dump(self.claims))}."


def _changed(fields: Mapping[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in {**fields, **(changes or {})}.items() if value is not ABSENT}
