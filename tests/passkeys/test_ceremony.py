"""Ceremonies judged without a service around them: what no HTTP call can bring about, and bytes at random."""

from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hybrid_auth.core.errors import PasskeyVerificationFailed
from hybrid_auth.passkeys.ceremony import (
    RegisteredCredential,
    RelyingParty,
    StoredCredential,
    presented_challenge,
    verify_assertion,
    verify_registration,
)
from tests.support.authenticator import ORIGIN, Alteration, Authenticator, b64, unb64

PARTY = RelyingParty(rp_id="localhost", origins=frozenset((ORIGIN,)))
CHALLENGE, HANDLE = b64(bytes(range(32))), bytes(range(64))
CREATION = {
    "challenge": CHALLENGE,
    "rp": {"id": "localhost", "name": "x"},
    "user": {"id": b64(HANDLE), "name": "x"},
    "excludeCredentials": [],
    "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
}
REQUEST = {"challenge": CHALLENGE, "rpId": "localhost", "allowCredentials": []}
AUTHENTICATOR = Authenticator(attestation="packed")
ATTESTED = AUTHENTICATOR.create(CREATION)
ASSERTED = AUTHENTICATOR.get(REQUEST)


def _register(credential: dict[str, Any]) -> RegisteredCredential:
    return verify_registration(credential, party=PARTY, challenge=CHALLENGE, conditional=False)


STORED = StoredCredential(
    credential_id=unb64(ATTESTED["id"]),
    public_key=_register(ATTESTED).public_key,
    backup_eligible=True,
    user_handle=HANDLE,
)


def _flipped(credential: dict[str, Any], member: str, bit: int) -> dict[str, Any]:
    data = bytearray(unb64(credential["response"][member]))
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    return credential | {"response": credential["response"] | {member: b64(bytes(data))}}


def test_an_assertion_by_a_credential_not_asked_for_is_refused() -> None:
    """§7.2 step 5, should a caller ever look one up by anything but its id."""
    with pytest.raises(PasskeyVerificationFailed) as refused:
        verify_assertion(
            ASSERTED,
            party=PARTY,
            challenge=CHALLENGE,
            stored=replace(STORED, credential_id=bytes(32)),
            user_known=False,
        )
    assert refused.value.step == "§7.2 step 5 credential id"


def test_client_data_is_judged_whoever_found_the_challenge() -> None:
    """§7.1 steps 5 to 8, should a caller ever know the challenge from elsewhere."""
    for alter, step in (
        (Alteration(client_data_bytes=lambda _: b"{"), "§7.1 step 5 clientDataJSON"),
        (Alteration(client_data_bytes=lambda _: b"[]"), "§7.1 step 5 clientDataJSON"),
        (Alteration(client_data=lambda d: d | {"challenge": b64(bytes(32))}), "§7.1 step 8 challenge"),
    ):
        with pytest.raises(PasskeyVerificationFailed) as refused:
            _register(AUTHENTICATOR.attest(AUTHENTICATOR.credentials[0], CHALLENGE, alter))
        assert refused.value.step == step


def test_what_is_kept_of_a_registration() -> None:
    """The record of §4, the key as it came."""
    made = _register(ATTESTED)
    assert made.credential_id == AUTHENTICATOR.credentials[0].id
    assert cbor2.loads(made.public_key)[3] == -7
    assert (made.user_verified, made.backup_eligible, made.backed_up, made.sign_count) == (True, True, True, 0)
    assert made.transports == ("hybrid", "internal")


@settings(max_examples=150, deadline=None)
@given(some.integers(0, 8 * 400))
def test_no_bit_of_an_assertion_can_be_flipped(bit: int) -> None:
    """Of what was signed each bit counts, and those of the signature too."""
    for member in ("authenticatorData", "clientDataJSON", "signature"):
        with pytest.raises(PasskeyVerificationFailed):
            verify_assertion(
                _flipped(ASSERTED, member, bit), party=PARTY, challenge=CHALLENGE, stored=STORED, user_known=False
            )


@settings(max_examples=150, deadline=None)
@given(some.integers(0, 8 * 500))
def test_no_bit_of_an_attestation_can_be_flipped(bit: int) -> None:
    """With a self attestation the whole object is bound to the key in it."""
    with pytest.raises(PasskeyVerificationFailed):
        _register(_flipped(ATTESTED, "attestationObject", bit))


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text() | some.binary().map(b64),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
RESPONSE = some.fixed_dictionaries(
    {}, optional=dict.fromkeys(("clientDataJSON", "attestationObject", "userHandle", "transports"), JSON)
)


@settings(deadline=None)
@given(some.fixed_dictionaries({}, optional={"id": JSON, "rawId": JSON, "type": JSON, "response": RESPONSE | JSON}))
def test_any_document_is_refused_in_one_way(document: dict[str, Any]) -> None:
    """Whatever a client sends, it is a refusal, never a failure of ours."""
    assert presented_challenge(document) is None
    for merged in (document, ATTESTED | document, ATTESTED | {"response": document.get("response")}):
        if merged == ATTESTED:
            continue
        with pytest.raises(PasskeyVerificationFailed):
            _register(merged)
        with pytest.raises(PasskeyVerificationFailed):
            verify_assertion(merged, party=PARTY, challenge=CHALLENGE, stored=STORED, user_known=True)
