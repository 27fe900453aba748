"""A software authenticator and the browser around it, which answer WebAuthn options; every byte can be altered."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes
from typing import Any, TypeVar
from uuid import UUID

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

ES256, EDDSA, RS256 = -7, -8, -257
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
ORIGIN = "http://localhost:8001"
DEVICE = UUID("0f5b8f4c-0000-4000-8000-00000000a17e")
"""An AAGUID that nobody has a name for."""

Value = TypeVar("Value")
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def b64(data: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The inverse of `b64`."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _same(value: Value) -> Value:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Alteration:
    """What a ceremony does differently; each hook gets what an honest one would use and gives back what is used.

    Hooks before the signature change what is signed, `signature` and `credential` come after it.
    """

    client_data: Callable[[dict[str, Any]], Any] = _same
    client_data_bytes: Callable[[bytes], bytes] = _same
    flags: Callable[[int], int] = _same
    cose: Callable[[dict[Any, Any]], Any] = _same
    key_bytes: Callable[[bytes], bytes] = _same
    credential_id: Callable[[bytes], bytes] = _same
    """In the attested credential data only."""
    authenticator_data: Callable[[bytes], bytes] = _same
    attestation: Callable[[dict[str, Any]], Any] = _same
    """The three members of the attestation object; whatever comes back is encoded."""
    attestation_bytes: Callable[[bytes], bytes] = _same
    signed: Callable[[bytes], bytes] = _same
    signature: Callable[[bytes], bytes] = _same
    credential: Callable[[dict[str, Any]], Any] = _same
    """The finished JSON form."""


HONEST = Alteration()


class Excluded(Exception):
    """The authenticator has one of `excludeCredentials` (InvalidStateError in a browser)."""


@dataclass(slots=True, kw_only=True)
class Credential:
    """A discoverable credential, as its authenticator keeps it."""

    id: bytes
    rp_id: str
    user_handle: bytes
    user_name: str
    algorithm: int
    private_key: PrivateKey = field(repr=False)
    sign_count: int = 0

    def sign(self, message: bytes) -> bytes:
        return sign(self.private_key, message)


def new_key(algorithm: int) -> PrivateKey:
    """A fresh key of a COSE algorithm."""
    match algorithm:
        case -7:
            return ec.generate_private_key(ec.SECP256R1())
        case -8:
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign(key: PrivateKey, message: bytes) -> bytes:
    """ECDSA, EdDSA or RSASSA-PKCS1-v1_5, with SHA-256 where there is a choice."""
    match key:
        case ec.EllipticCurvePrivateKey():
            return key.sign(message, ec.ECDSA(SHA256()))
        case ed25519.Ed25519PrivateKey():
            return key.sign(message)
        case _:
            return key.sign(message, padding.PKCS1v15(), SHA256())


def cose_key(key: PrivateKey) -> dict[Any, Any]:
    """The public half as a COSE_Key (RFC 9053)."""
    match key:
        case ec.EllipticCurvePrivateKey():
            point = key.public_key().public_numbers()
            return {1: 2, 3: ES256, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        case ed25519.Ed25519PrivateKey():
            return {1: 1, 3: EDDSA, -1: 6, -2: key.public_key().public_bytes_raw()}
        case _:
            numbers = key.public_key().public_numbers()
            length = (numbers.n.bit_length() + 7) // 8
            return {1: 3, 3: RS256, -1: numbers.n.to_bytes(length, "big"), -2: numbers.e.to_bytes(3, "big")}


@dataclass(slots=True, kw_only=True)
class Authenticator:
    """One device (or one synced provider), in a browser at `origin`."""

    algorithm: int = ES256
    aaguid: UUID = DEVICE
    backup_eligible: bool = True
    backed_up: bool = True
    counts: bool = False
    """Whether the sign counter goes up; synced providers leave it at zero."""
    user_present: bool = True
    user_verified: bool = True
    attestation: str = "none"
    """`none` or `packed`, then a self attestation."""
    transports: list[str] = field(default_factory=lambda: ["internal", "hybrid"])
    origin: str = ORIGIN
    credentials: list[Credential] = field(default_factory=list)

    def create(self, options: Mapping[str, Any], alter: Alteration = HONEST) -> dict[str, Any]:
        """`navigator.credentials.create()` over PublicKeyCredentialCreationOptionsJSON, as `toJSON()`."""
        mine = {b64(credential.id) for credential in self.credentials}
        if mine & {descriptor["id"] for descriptor in options["excludeCredentials"]}:
            raise Excluded
        assert self.algorithm in [parameter["alg"] for parameter in options["pubKeyCredParams"]]
        credential = Credential(
            id=token_bytes(32),
            rp_id=options["rp"]["id"],
            user_handle=unb64(options["user"]["id"]),
            user_name=options["user"]["name"],
            algorithm=self.algorithm,
            private_key=new_key(self.algorithm),
        )
        self.credentials.append(credential)
        return self.attest(credential, options["challenge"], alter)

    def attest(self, credential: Credential, challenge: str, alter: Alteration = HONEST) -> dict[str, Any]:
        """The attestation response of a credential for a challenge."""
        client_data = self._client_data("webauthn.create", challenge, alter)
        key = alter.key_bytes(cbor2.dumps(alter.cose(cose_key(credential.private_key))))
        attested_id = alter.credential_id(credential.id)
        attested = self.aaguid.bytes + len(attested_id).to_bytes(2, "big") + attested_id + key
        data = self._authenticator_data(credential, AT, attested, alter)
        statement: dict[str, Any] = {}
        if self.attestation == "packed":
            message = alter.signed(data + sha256(client_data).digest())
            statement = {"alg": credential.algorithm, "sig": alter.signature(credential.sign(message))}
        found = alter.attestation({"fmt": self.attestation, "attStmt": statement, "authData": data})
        response = {
            "clientDataJSON": b64(client_data),
            "attestationObject": b64(alter.attestation_bytes(cbor2.dumps(found))),
            "authenticatorData": b64(data),
            "publicKeyAlgorithm": credential.algorithm,
            "transports": self.transports,
        }
        return self._credential(credential, response, {"credProps": {"rk": True}}, alter)

    def get(
        self, options: Mapping[str, Any], alter: Alteration = HONEST, *, credential: Credential | None = None
    ) -> dict[str, Any]:
        """`navigator.credentials.get()` over PublicKeyCredentialRequestOptionsJSON, as `toJSON()`.

        `credential`: the one the person picks; the newest of the relying party where none is given.
        """
        allowed = {descriptor["id"] for descriptor in options["allowCredentials"]}
        found = [c for c in self.credentials if c.rp_id == options["rpId"] and (not allowed or b64(c.id) in allowed)]
        chosen = credential or found[-1]
        if self.counts:
            chosen.sign_count += 1
        client_data = self._client_data("webauthn.get", options["challenge"], alter)
        data = self._authenticator_data(chosen, 0, b"", alter)
        message = alter.signed(data + sha256(client_data).digest())
        response = {
            "clientDataJSON": b64(client_data),
            "authenticatorData": b64(data),
            "signature": b64(alter.signature(chosen.sign(message))),
            "userHandle": b64(chosen.user_handle),
        }
        return self._credential(chosen, response, {}, alter)

    def _client_data(self, kind: str, challenge: str, alter: Alteration) -> bytes:
        members = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return alter.client_data_bytes(json.dumps(alter.client_data(members), separators=(",", ":")).encode())

    def _authenticator_data(self, credential: Credential, flags: int, attested: bytes, alter: Alteration) -> bytes:
        flags |= UP * self.user_present | UV * self.user_verified | BE * self.backup_eligible | BS * self.backed_up
        head = sha256(credential.rp_id.encode()).digest() + bytes([alter.flags(flags)])
        return alter.authenticator_data(head + credential.sign_count.to_bytes(4, "big") + attested)

    @staticmethod
    def _credential(
        credential: Credential, response: dict[str, Any], extensions: dict[str, Any], alter: Alteration
    ) -> dict[str, Any]:
        altered: dict[str, Any] = alter.credential(
            {
                "id": b64(credential.id),
                "rawId": b64(credential.id),
                "type": "public-key",
                "authenticatorAttachment": "platform",
                "response": response,
                "clientExtensionResults": extensions,
            }
        )
        return altered
