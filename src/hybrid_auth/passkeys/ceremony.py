"""WebAuthn Level 3 ceremonies, judged strictly and in the order of the specification. The only importer of `webauthn`.

py_webauthn verifies signatures and attestation statements; every step it leaves out or takes loosely is made explicit
here: §7.1 (registering) and §7.2 (asserting) of https://www.w3.org/TR/webauthn-3/. Each refusal names its step.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

import cbor2
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import parse_authenticator_data
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.decode_credential_public_key import decode_credential_public_key
from webauthn.helpers.decoded_public_key_to_cryptography import decoded_public_key_to_cryptography
from webauthn.helpers.structs import AuthenticatorData

from hybrid_auth.core.errors import PasskeyVerificationFailed
from hybrid_auth.core.tokens import decode_base64url, encode_base64url
from hybrid_auth.passkeys.cbor import walk_authenticator_data, walk_item

ALGORITHMS = (-8, -7, -257)
"""Offered, in order of preference: EdDSA (Ed25519), ES256 (P-256), RS256 (COSE, RFC 9053)."""
MAX_CREDENTIAL_ID = 1023
JUDGED_FORMATS = frozenset(("none", "packed"))
UNJUDGED_FORMATS = frozenset(("tpm", "android-key", "android-safetynet", "apple", "fido-u2f"))
"""Registered formats we did not ask for ("none" was): their statement proves nothing to us and counts as absent."""
TRANSPORTS = frozenset(("ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"))
_ENDS_OF_RSA = range(2048, 8193)
_AT = 0x40


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """Whom credentials are made for, and from which pages."""

    rp_id: str
    origins: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredCredential:
    """What a registration proved, and what is kept of it (§4 "credential record")."""

    credential_id: bytes
    public_key: bytes
    """COSE_Key, CBOR."""
    sign_count: int
    aaguid: UUID
    user_verified: bool
    backup_eligible: bool
    backed_up: bool
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredential:
    """What an assertion is judged against."""

    credential_id: bytes
    public_key: bytes
    backup_eligible: bool
    user_handle: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What an assertion proved. The counter is judged by policy, after the signature."""

    sign_count: int
    backed_up: bool


def presented_challenge(credential: Mapping[str, Any]) -> str | None:
    """The challenge that a response claims to answer: the key to find it by, not yet believed."""
    try:
        challenge = _client_data(credential, step="challenge")[0].get("challenge")
    except PasskeyVerificationFailed:
        return None
    return challenge if isinstance(challenge, str) else None


def presented_credential_id(credential: Mapping[str, Any]) -> bytes:
    """The credential id a response names; `id` and `rawId` are one value, and canonical base64url."""
    text = credential.get("id")
    if not isinstance(text, str) or credential.get("rawId", text) != text or credential.get("type") != "public-key":
        refuse("§5.1 id, rawId and type")
    return _bytes(text, step="§5.1 id")


def verify_registration(
    credential: Mapping[str, Any], *, party: RelyingParty, challenge: str, conditional: bool
) -> RegisteredCredential:
    """Judge an attestation response (§7.1 steps 5 to 25); PasskeyVerificationFailed names the step that failed.

    `conditional`: the options were issued for a conditional create, where presence and verification may be absent.
    """
    named_id = presented_credential_id(credential)
    client_data, _ = _client_data(credential, step="§7.1 step 5")
    _judge_client_data(client_data, kind="webauthn.create", challenge=challenge, party=party, section="§7.1")
    statement = _attestation_object(_response(credential, "attestationObject", step="§7.1 step 13"))
    data = _authenticator_data(statement["authData"], step="§7.1 step 13")
    if data.rp_id_hash != hashlib.sha256(party.rp_id.encode()).digest():
        refuse("§7.1 step 14 rpIdHash")
    if not conditional and not data.flags.up:
        refuse("§7.1 step 15 user presence")
    if not conditional and not data.flags.uv:
        refuse("§7.1 step 16 user verification")
    if data.flags.bs and not data.flags.be:
        refuse("§7.1 step 17 backup flags")
    attested = data.attested_credential_data
    if attested is None:
        refuse("§6.5 attested credential data")
    _judge_public_key(attested.credential_public_key)
    fmt = statement["fmt"]
    if fmt not in JUDGED_FORMATS | UNJUDGED_FORMATS:
        refuse("§7.1 step 21 attestation format")
    if fmt == "packed" and statement["attStmt"].get("x5c", True) == []:
        refuse("§7.1 step 22 attestation statement: an empty chain")
    if not 0 < len(attested.credential_id) <= MAX_CREDENTIAL_ID:
        refuse("§7.1 step 25 credential id length")
    if attested.credential_id != named_id:
        refuse("§7.1 step 27 credential id")
    judged = statement if fmt in JUDGED_FORMATS else statement | {"fmt": "none", "attStmt": {}}
    _library_registration(credential, judged, party=party, challenge=challenge, conditional=conditional)
    return RegisteredCredential(
        credential_id=attested.credential_id,
        public_key=attested.credential_public_key,
        sign_count=data.sign_count,
        aaguid=UUID(bytes=attested.aaguid),
        user_verified=data.flags.uv,
        backup_eligible=data.flags.be,
        backed_up=data.flags.bs,
        transports=_transports(credential),
    )


def verify_assertion(
    credential: Mapping[str, Any],
    *,
    party: RelyingParty,
    challenge: str,
    stored: StoredCredential,
    user_known: bool,
    require_user_verification: bool = True,
) -> Assertion:
    """Judge an assertion response (§7.2 steps 6 to 21); PasskeyVerificationFailed names the step that failed.

    `user_known`: the person was identified before, so the response need not name them; where it does, it must be them.
    """
    if presented_credential_id(credential) != stored.credential_id:
        refuse("§7.2 step 5 credential id")
    handle = _response_object(credential).get("userHandle")
    if handle is None and not user_known:
        refuse("§7.2 step 6 user handle missing")
    if handle is not None and _bytes(handle, step="§7.2 step 6") != stored.user_handle:
        refuse("§7.2 step 6 user handle")
    client_data, _ = _client_data(credential, step="§7.2 step 8")
    _judge_client_data(client_data, kind="webauthn.get", challenge=challenge, party=party, section="§7.2")
    raw = _response(credential, "authenticatorData", step="§7.2 step 8")
    data = _authenticator_data(raw, step="§7.2 step 8")
    if data.rp_id_hash != hashlib.sha256(party.rp_id.encode()).digest():
        refuse("§7.2 step 15 rpIdHash")
    if not data.flags.up:
        refuse("§7.2 step 16 user presence")
    if require_user_verification and not data.flags.uv:
        refuse("§7.2 step 17 user verification")
    if data.flags.bs and not data.flags.be:
        refuse("§7.2 step 18 backup flags")
    if data.flags.be != stored.backup_eligible:
        refuse("§7.2 step 19 backup eligibility")
    if raw[32] & _AT:
        refuse("§6.1 attested credential data in an assertion")
    signature = _response(credential, "signature", step="§7.2 step 21")
    _library_assertion(credential, raw, signature, party=party, challenge=challenge, public_key=stored.public_key)
    return Assertion(sign_count=data.sign_count, backed_up=data.flags.bs)


def refuse(step: str) -> NoReturn:
    """End a ceremony at a step of the specification."""
    raise PasskeyVerificationFailed(step)


def _response_object(credential: Mapping[str, Any]) -> Mapping[str, Any]:
    response = credential.get("response")
    if not isinstance(response, dict):
        refuse("§5.1 response")
    return response


def _response(credential: Mapping[str, Any], name: str, *, step: str) -> bytes:
    return _bytes(_response_object(credential).get(name), step=f"{step} {name}")


def _bytes(value: object, *, step: str) -> bytes:
    if not isinstance(value, str):
        refuse(f"{step}: not base64url")
    try:
        return decode_base64url(value)
    except ValueError:
        refuse(f"{step}: not base64url")


def _client_data(credential: Mapping[str, Any], *, step: str) -> tuple[dict[str, Any], bytes]:
    """UTF-8 decode, a byte order mark allowed, then JSON. `json.loads` on bytes would also guess UTF-16 and UTF-32."""
    raw = _response(credential, "clientDataJSON", step=step)
    try:
        parsed = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        refuse(f"{step} clientDataJSON")
    if not isinstance(parsed, dict):
        refuse(f"{step} clientDataJSON")
    return parsed, raw


def _judge_client_data(
    client_data: Mapping[str, Any], *, kind: str, challenge: str, party: RelyingParty, section: str
) -> None:
    first = 7 if section == "§7.1" else 10
    if client_data.get("type") != kind:
        refuse(f"{section} step {first} type")
    if client_data.get("challenge") != challenge:
        refuse(f"{section} step {first + 1} challenge")
    origin = client_data.get("origin")
    if not isinstance(origin, str) or origin not in party.origins:
        refuse(f"{section} step {first + 2} origin")
    if client_data.get("crossOrigin", False) is not False:
        refuse(f"{section} step {first + 3} crossOrigin")
    if "topOrigin" in client_data:
        refuse(f"{section} step {first + 4} topOrigin")


def _attestation_object(raw: bytes) -> dict[str, Any]:
    """Exactly one CBOR map with its three members; nothing may follow it."""
    found = _cbor(raw, step="§7.1 step 13 attestationObject")
    if not isinstance(found, dict) or not {"fmt", "attStmt", "authData"} <= found.keys():
        refuse("§7.1 step 13 attestationObject")
    if not isinstance(found["fmt"], str) or not isinstance(found["attStmt"], dict):
        refuse("§7.1 step 13 attestationObject")
    if not isinstance(found["authData"], bytes):
        refuse("§7.1 step 13 attestationObject")
    return {name: found[name] for name in ("fmt", "attStmt", "authData")}


def _cbor(raw: bytes, *, step: str) -> Any:
    try:
        walk_item(raw)
        return cbor2.loads(raw, allow_duplicate_keys=False)
    except Exception:
        refuse(step)


def _authenticator_data(raw: bytes, *, step: str) -> AuthenticatorData:
    try:
        walk_authenticator_data(raw)
        return parse_authenticator_data(raw)
    except Exception:
        refuse(f"{step} authenticatorData")


def _judge_public_key(raw: bytes) -> None:
    """A key of an algorithm offered, of the type and curve that algorithm has, and a point on it (§5.8.5)."""
    step = "§7.1 step 20 public key"
    key = _cbor(raw, step=step)
    if not isinstance(key, dict):
        refuse(step)
    shape = (key.get(1), key.get(3), key.get(-1))
    coordinates = [key.get(-2), key.get(-3)]
    match shape:
        case (2, -7, 1):
            whole = all(isinstance(part, bytes) and len(part) == 32 for part in coordinates)
        case (1, -8, 6):
            whole = isinstance(coordinates[0], bytes) and len(coordinates[0]) == 32
        case (3, -257, bytes(modulus)):
            whole = len(modulus) * 8 in _ENDS_OF_RSA and isinstance(coordinates[0], bytes)
        case _:
            whole = False
    if not whole:
        refuse(step)
    try:
        decoded_public_key_to_cryptography(decode_credential_public_key(raw))
    except Exception:
        refuse(step)


def _transports(credential: Mapping[str, Any]) -> tuple[str, ...]:
    """Hints for later options: known ones only, each once."""
    found = _response_object(credential).get("transports")
    named = [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
    return tuple(sorted(TRANSPORTS.intersection(named)))


def _library_registration(
    credential: Mapping[str, Any],
    statement: Mapping[str, Any],
    *,
    party: RelyingParty,
    challenge: str,
    conditional: bool,
) -> None:
    """§7.1 step 22, and a second opinion on all others."""
    try:
        verify_registration_response(
            credential={
                "id": credential["id"],
                "rawId": credential["id"],
                "type": "public-key",
                "response": {
                    "clientDataJSON": credential["response"]["clientDataJSON"],
                    "attestationObject": encode_base64url(cbor2.dumps(statement)),
                },
            },
            expected_challenge=decode_base64url(challenge),
            expected_rp_id=party.rp_id,
            expected_origin=sorted(party.origins),
            require_user_presence=not conditional,
            require_user_verification=not conditional,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(algorithm) for algorithm in ALGORITHMS],
        )
    except Exception as error:
        raise PasskeyVerificationFailed("§7.1 step 22 attestation statement") from error


def _library_assertion(
    credential: Mapping[str, Any],
    authenticator_data: bytes,
    signature: bytes,
    *,
    party: RelyingParty,
    challenge: str,
    public_key: bytes,
) -> None:
    """§7.2 step 21. The counter is handed in as zero: the library would judge it before the signature."""
    try:
        verify_authentication_response(
            credential={
                "id": credential["id"],
                "rawId": credential["id"],
                "type": "public-key",
                "response": {
                    "clientDataJSON": credential["response"]["clientDataJSON"],
                    "authenticatorData": encode_base64url(authenticator_data),
                    "signature": encode_base64url(signature),
                },
            },
            expected_challenge=decode_base64url(challenge),
            expected_rp_id=party.rp_id,
            expected_origin=sorted(party.origins),
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=False,
        )
    except Exception as error:
        raise PasskeyVerificationFailed("§7.2 step 21 signature") from error
