"""The test vectors of WebAuthn Level 3 (§16), judged as a strict relying party that offers EdDSA, ES256 and RS256."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import cbor2
import pytest
from fido2.webauthn import AttestationObject

from hybrid_auth.core.errors import PasskeyVerificationFailed
from hybrid_auth.passkeys.ceremony import (
    Assertion,
    RegisteredCredential,
    RelyingParty,
    StoredCredential,
    verify_assertion,
    verify_registration,
)
from tests.support.authenticator import b64

VECTORS = Path(
    os.environ.get("WEBAUTHN_VECTORS") or Path(__file__).parents[3] / "shared" / "vectors" / "webauthn_l3.json"
)
ACCEPTED = (
    "none-es256",
    "packed-self-es256",
    "none-es256-long-credential-id",
    "packed-es256",
    "packed-rs256",
    "packed-eddsa",
    "tpm-es256",
    "android-key-es256",
    "apple-es256",
    "fido-u2f-es256",
)
EMBEDDED = ("none-es256-crossOrigin", "none-es256-topOrigin")
"""Made in a frame of another site's page, which we never are."""
NOT_OFFERED = ("packed-es384", "packed-es512", "packed-ed448")
VERIFIED_AT_CREATION = ("packed-self-es256", "packed-es256", "packed-rs256", "tpm-es256", "android-key-es256")
VERIFIED_AT_SIGN_IN = ("none-es256-long-credential-id", "packed-es256", "tpm-es256")
USER_HANDLE = b"the vectors give none"

pytestmark = pytest.mark.skipif(not VECTORS.is_file(), reason="needs the test vectors beside the repository")


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return document


@cache
def _vector(name: str) -> dict[str, Any]:
    vector: dict[str, Any] = next(
        vector for vector in _document()["vectors"] if vector["anchor"] == f"sctn-test-vectors-{name}"
    )
    return vector


def _party() -> RelyingParty:
    return RelyingParty(rp_id=_document()["rp_id"], origins=frozenset((_document()["origin"],)))


def _json(credential_id: bytes, vector: dict[str, str], *members: str) -> dict[str, Any]:
    """The JSON form of a response whose `members` the vector has in hexadecimal."""
    response = {member: b64(bytes.fromhex(vector[member])) for member in members}
    return {"id": b64(credential_id), "rawId": b64(credential_id), "type": "public-key", "response": response}


def _registered(name: str, *, verified: bool = False) -> RegisteredCredential:
    """Judge a registration; only conditional mode requires neither presence nor verification."""
    vector = _vector(name)["registration"]
    return verify_registration(
        _json(bytes.fromhex(vector["credential_id"]), vector, "clientDataJSON", "attestationObject"),
        party=_party(),
        challenge=b64(bytes.fromhex(vector["challenge"])),
        conditional=not verified,
    )


def _asserted(name: str, *, verified: bool = False) -> Assertion:
    """Judge an assertion against what its registration holds, taken out by another library."""
    made, vector = _vector(name)["registration"], _vector(name)["authentication"]
    data = AttestationObject(bytes.fromhex(made["attestationObject"])).auth_data
    assert data.credential_data is not None
    credential_id = data.credential_data.credential_id
    return verify_assertion(
        _json(credential_id, vector, "clientDataJSON", "authenticatorData", "signature"),
        party=_party(),
        challenge=b64(bytes.fromhex(vector["challenge"])),
        stored=StoredCredential(
            credential_id=credential_id,
            public_key=cbor2.dumps(dict(data.credential_data.public_key)),
            backup_eligible=bool(data.flags & data.FLAG.BE),
            user_handle=USER_HANDLE,
        ),
        user_known=True,
        require_user_verification=verified,
    )


def test_there_are_fifteen_pairs() -> None:
    """Every pair of the specification has its expected answer below."""
    names = [vector["anchor"].removeprefix("sctn-test-vectors-") for vector in _document()["vectors"]]
    assert len(names) == 15
    assert sorted(names) == sorted((*ACCEPTED, *EMBEDDED, *NOT_OFFERED))


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_pair_is_accepted(name: str) -> None:
    """Where verification is not required, registration and assertion hold, and say what the vector's flags say."""
    vector = _vector(name)
    made, used = _registered(name), _asserted(name)
    assert made.credential_id.hex() == vector["registration"]["credential_id"]
    assert made.aaguid.hex == vector["registration"]["aaguid"]
    flags = vector["derived"]["reg_flags"]
    assert (made.user_verified, made.backup_eligible, made.backed_up) == (flags["UV"], flags["BE"], flags["BS"])
    assert used.backed_up is vector["derived"]["auth_flags"]["BS"]
    assert (made.sign_count, used.sign_count) == (0, 0)


@pytest.mark.parametrize("name", EMBEDDED)
def test_a_pair_made_in_a_foreign_frame_is_refused(name: str) -> None:
    """`crossOrigin` and `topOrigin` end both ceremonies: nobody may embed us."""
    with pytest.raises(PasskeyVerificationFailed) as registration:
        _registered(name)
    assert registration.value.step == "§7.1 step 10 crossOrigin"
    with pytest.raises(PasskeyVerificationFailed) as assertion:
        _asserted(name)
    assert assertion.value.step == "§7.2 step 13 crossOrigin"


@pytest.mark.parametrize("name", NOT_OFFERED)
def test_a_key_of_an_algorithm_not_offered_is_refused(name: str) -> None:
    """It never becomes a credential record, so there is nothing that its assertion could be judged against."""
    with pytest.raises(PasskeyVerificationFailed) as refused:
        _registered(name)
    assert refused.value.step == "§7.1 step 20 public key"


@pytest.mark.parametrize("name", ACCEPTED)
def test_registration_with_verification_required(name: str) -> None:
    """Only those made by a verified person are accepted in the ordinary mode."""
    if name in VERIFIED_AT_CREATION:
        assert _registered(name, verified=True).user_verified
        return
    with pytest.raises(PasskeyVerificationFailed) as refused:
        _registered(name, verified=True)
    assert refused.value.step == "§7.1 step 16 user verification"


@pytest.mark.parametrize("name", ACCEPTED)
def test_assertion_with_verification_required(name: str) -> None:
    """Only those of a verified person open a session."""
    if name in VERIFIED_AT_SIGN_IN:
        assert _asserted(name, verified=True).sign_count == 0
        return
    with pytest.raises(PasskeyVerificationFailed) as refused:
        _asserted(name, verified=True)
    assert refused.value.step == "§7.2 step 17 user verification"


@pytest.mark.parametrize("name", ["packed-self-es256", "packed-es256", "packed-rs256", "packed-eddsa"])
def test_a_vector_with_one_bit_changed_is_refused(name: str) -> None:
    """The signatures of the vectors are really checked, that of the attestation too."""
    vector = _vector(name)["registration"]
    attested = bytearray(bytes.fromhex(vector["attestationObject"]))
    attested[attested.index(b"csig") + 40] ^= 1
    changed = vector | {"attestationObject": attested.hex()}
    with pytest.raises(PasskeyVerificationFailed) as refused:
        verify_registration(
            _json(bytes.fromhex(vector["credential_id"]), changed, "clientDataJSON", "attestationObject"),
            party=_party(),
            challenge=b64(bytes.fromhex(vector["challenge"])),
            conditional=True,
        )
    assert refused.value.step == "§7.1 step 22 attestation statement"
