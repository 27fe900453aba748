"""Signing keys in PostgreSQL, their private halves sealed."""

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from sqlalchemy import func, select

from hybrid_auth.core.clock import Clock
from hybrid_auth.core.database import SessionMaker, Transaction
from hybrid_auth.core.secretbox import CannotOpen, SecretBox
from hybrid_auth.core.tokens import encode_base64url, random_bytes
from hybrid_auth.sessions.access_tokens import SigningKey
from hybrid_auth.sessions.models import SigningKeyRow

_LOCK = 0x4841_4B59
"""Advisory lock: workers that start together make one first key, not one each."""


class SigningKeys:
    """Loads the keys in force, and makes the first one."""

    def __init__(self, session_maker: SessionMaker, box: SecretBox, clock: Clock) -> None:
        self._session_maker = session_maker
        self._box = box
        self._clock = clock

    async def load(self) -> tuple[SigningKey, ...]:
        """The keys, newest first; CannotOpen where they were sealed with secrets that are gone."""
        async with Transaction(self._session_maker) as transaction:
            await transaction.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            statement = select(SigningKeyRow).order_by(SigningKeyRow.created_at.desc())
            rows = (await transaction.execute(statement)).scalars().all()
            if rows:
                return tuple(self._open(row) for row in rows)
            key = SigningKey(encode_base64url(random_bytes(12)), generate_private_key(SECP256R1()))
            transaction.session.add(self._seal(key))
            return (key,)

    def _seal(self, key: SigningKey) -> SigningKeyRow:
        plain = key.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        row = SigningKeyRow(id=key.key_id, created_at=self._clock.now())
        row.sealed_private = self._box.seal(plain, context=row.context)
        return row

    def _open(self, row: SigningKeyRow) -> SigningKey:
        private = load_der_private_key(self._box.open(row.sealed_private, context=row.context), password=None)
        if not isinstance(private, EllipticCurvePrivateKey):
            msg = f"signing key {row.id} is of another kind"
            raise CannotOpen(msg)
        return SigningKey(row.id, private)
