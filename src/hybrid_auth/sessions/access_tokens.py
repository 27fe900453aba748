"""Access tokens: signed claims of five minutes, after the RFC 9068 profile. The only module that imports `jwt`.

PyJWT checks neither `typ` nor the presence of most claims, takes digit strings for times and padded signatures; every
such step is made explicit here (RFC 8725, RFC 9068 §4).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, EllipticCurvePublicKey

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.errors import InvalidToken
from hybrid_auth.core.tokens import encode_base64url

ALGORITHM = "ES256"
MAX_LENGTH = 4096
CLOCK_SKEW = 60
"""Seconds by which another node's clock may run ahead of ours; it never lengthens a life."""
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}", re.ASCII)
_TYPES = ("at+jwt", "application/at+jwt")
_REQUIRED = ("iss", "aud", "sub", "sid", "jti", "iat", "exp", "auth_time", "amr", "acr", "roles")
_HEADER = frozenset(("alg", "typ", "kid"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What an access token says. It opens nothing while its session is not found alive."""

    user_id: UUID
    session_id: UUID
    token_id: str
    issued_at: int
    """Seconds since 1970."""
    expires_at: int
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An ES256 key pair and its name."""

    key_id: str
    private: EllipticCurvePrivateKey

    @property
    def public_jwk(self) -> dict[str, str]:
        """The public half (RFC 7517, RFC 7518 §6.2)."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "use": "sig",
            "alg": ALGORITHM,
            "kid": self.key_id,
            "x": encode_base64url(numbers.x.to_bytes(32, "big")),
            "y": encode_base64url(numbers.y.to_bytes(32, "big")),
        }


class AccessTokens:
    """Issues and verifies access tokens. `keys` maps key id to key; the first signs, all verify."""

    def __init__(self, *, issuer: str, audience: str, ttl: timedelta, clock: Clock) -> None:
        self._issuer = issuer
        self._audience = audience
        self._ttl = ttl
        self._clock = clock
        self._signing: SigningKey | None = None
        self._public: Mapping[str, EllipticCurvePublicKey] = {}
        self._jwks: tuple[dict[str, str], ...] = ()

    def use_keys(self, keys: tuple[SigningKey, ...]) -> None:
        """Take the keys in force, the signing one first; tokens of any other key are refused from now on."""
        for key in keys:
            if not isinstance(key.private.curve, SECP256R1):
                msg = f"signing key {key.key_id} is not on P-256"
                raise ValueError(msg)
        self._signing = keys[0]
        self._public = {key.key_id: key.private.public_key() for key in keys}
        self._jwks = tuple(key.public_jwk for key in keys)

    @property
    def jwks(self) -> dict[str, object]:
        """The public keys as a JWK Set (RFC 7517 §5)."""
        return {"keys": list(self._jwks)}

    def issue(
        self,
        *,
        user_id: UUID,
        session_id: UUID,
        authenticated_at: datetime,
        amr: tuple[str, ...],
        aal: int,
        roles: tuple[str, ...],
        deadline: datetime,
    ) -> tuple[str, int]:
        """A token and the seconds it lives: never longer than its session."""
        if self._signing is None:
            msg = "no signing key was loaded"
            raise RuntimeError(msg)
        issued_at = int(self._clock.now().timestamp())
        expires_at = min(issued_at + int(self._ttl.total_seconds()), int(deadline.timestamp()))
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": str(uuid4()),
            "iat": issued_at,
            "exp": expires_at,
            "auth_time": int(authenticated_at.timestamp()),
            "amr": list(amr),
            "acr": f"aal{aal}",
            "roles": list(roles),
        }
        header = {"typ": "at+jwt", "kid": self._signing.key_id}
        return jwt.encode(claims, self._signing.private, ALGORITHM, headers=header), expires_at - issued_at

    def verify(self, token: str) -> Claims:
        """The claims of a token of ours that has not expired; InvalidToken otherwise."""
        if len(token) > MAX_LENGTH or _COMPACT.fullmatch(token) is None:
            raise InvalidToken
        try:
            header = jwt.get_unverified_header(token)
            key = self._key_for(header)
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                options={
                    "require": list(_REQUIRED),
                    "verify_signature": True,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "strict_aud": True,
                },
            )
            return self._judge(claims)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise InvalidToken from error

    def _key_for(self, header: Mapping[str, Any]) -> EllipticCurvePublicKey:
        """Only our own header, and only a key we hold; `jwk`, `jku`, `x5c` and `crit` are never looked at."""
        kid, typ = header.get("kid"), header.get("typ")
        if not _HEADER.issuperset(header) or header.get("alg") != ALGORITHM:
            raise InvalidToken
        if not isinstance(typ, str) or typ.lower() not in _TYPES or not isinstance(kid, str):
            raise InvalidToken
        key = self._public.get(kid)
        if key is None:
            raise InvalidToken
        return key

    def _judge(self, claims: Mapping[str, Any]) -> Claims:
        """Times by our own clock and in whole seconds; ids as UUIDs in their one spelling."""
        issued_at, expires_at = claims["iat"], claims["exp"]
        now = self._clock.now().timestamp()
        if type(issued_at) is not int or type(expires_at) is not int or "nbf" in claims:
            raise InvalidToken
        if now >= expires_at or issued_at > now + CLOCK_SKEW:
            raise InvalidToken
        subject, session = claims["sub"], claims["sid"]
        if not isinstance(subject, str) or not isinstance(session, str):
            raise InvalidToken
        user_id, session_id = UUID(subject), UUID(session)
        if str(user_id) != subject or str(session_id) != session or not isinstance(claims["jti"], str):
            raise InvalidToken
        return Claims(
            user_id=user_id,
            session_id=session_id,
            token_id=claims["jti"],
            issued_at=issued_at,
            expires_at=expires_at,
        )
