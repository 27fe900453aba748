"""Sign-ins that break a step of WebAuthn Level 3 §7.2, over HTTP: refused, and nothing changes."""

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from structlog.testing import capture_logs

from tests.passkeys.cases import Case, client_data_cases, credential, parameters, response
from tests.passkeys.test_mutated_registration import TAGGED_REGEXP, everything
from tests.support.authenticator import (
    AT,
    BE,
    BS,
    ED,
    EDDSA,
    ES256,
    RS256,
    UP,
    UV,
    Alteration,
    Authenticator,
    b64,
    cose_key,
    new_key,
    sign,
    unb64,
)
from tests.support.passkeys import SIGN_IN, request_options, sign_in, with_passkey
from tests.support.service import Service, problem

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _later(member: str, change: Callable[[bytes], bytes]) -> Alteration:
    """A member of the response changed after it was signed."""

    def altered(found: dict[str, Any]) -> dict[str, Any]:
        members = found["response"]
        return found | {"response": members | {member: b64(change(unb64(members[member])))}}

    return Alteration(credential=altered)


def _other_flags(data: bytes) -> bytes:
    return data[:32] + bytes([data[32] & ~BS]) + data[33:]


def _flags(change: Callable[[int], int]) -> Alteration:
    return Alteration(flags=change)


def _malleated(signature: bytes) -> bytes:
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, P256_ORDER - s)


ATTESTED = bytes(16) + b"\x00\x20" + bytes(32) + cbor2.dumps(cose_key(new_key(ES256)))
DATA, HANDLE, SIGNATURE, NAMED = "§7.2 step 8 authenticatorData", "§7.2 step 6", "§7.2 step 21 signature", "§5.1 id"
SYNCED = [
    *client_data_cases("§7.2", kind="webauthn.get", other="webauthn.create"),
    # Step 3: an assertion response.
    Case(name="no response", step="§5.1", alter=credential(response=None), finds_challenge=False),
    Case(name="text", step="§5.1", alter=credential(response="{}"), finds_challenge=False),
    Case(name="no client data", step="§5.1", alter=response(clientDataJSON=None), finds_challenge=False),
    # Step 5: the credential named.
    Case(name="a number", step=NAMED, alter=credential(id=5, rawId=5)),
    Case(name="missing", step=NAMED, alter=credential(id=None)),
    Case(name="rawId is another", step=NAMED, alter=credential(rawId=b64(bytes(32)))),
    Case(name="padded", step=NAMED, alter=Alteration(credential=lambda c: c | {"id": c["id"] + "=" * 2})),
    Case(name="another type", step=NAMED, alter=credential(type="password")),
    # Step 6: nobody was identified, so the response must name its owner.
    Case(name="none", step=HANDLE, alter=response(userHandle=None)),
    Case(name="empty", step=HANDLE, alter=response(userHandle="")),
    Case(name="somebody else's", step=HANDLE, alter=response(userHandle=b64(bytes(64)))),
    Case(name="a number", step=HANDLE, alter=response(userHandle=5)),
    Case(name="cut off", step=HANDLE, alter=_later("userHandle", lambda handle: handle[:-1])),
    # Step 8: the authenticator data (§6.1).
    Case(name="missing", step="§7.2 step 8", alter=response(authenticatorData=None)),
    Case(name="a list", step="§7.2 step 8", alter=response(authenticatorData=[])),
    Case(name="nothing", step=DATA, alter=Alteration(authenticator_data=lambda _: b"")),
    Case(name="36 bytes", step=DATA, alter=Alteration(authenticator_data=lambda data: data[:-1])),
    Case(name="bytes after it", step=DATA, alter=Alteration(authenticator_data=lambda data: data + b"\x00")),
    Case(name="extensions announced only", step=DATA, alter=_flags(lambda flags: flags | ED)),
    Case(name="a key announced only", step=DATA, alter=_flags(lambda flags: flags | AT)),
    Case(
        name="a tagged extension",
        step=DATA,
        alter=Alteration(
            flags=lambda flags: flags | ED, authenticator_data=lambda data: data + b"\xa1\x61x\xd8\x23" + TAGGED_REGEXP
        ),
    ),
    Case(
        name="a deep extension",
        step=DATA,
        alter=Alteration(flags=lambda f: f | ED, authenticator_data=lambda data: data + b"\x81" * 20_000 + b"\x00"),
    ),
    # Steps 15 to 19.
    Case(
        name="another relying party",
        step="§7.2 step 15",
        alter=Alteration(authenticator_data=lambda data: sha256(b"example.com").digest() + data[32:]),
    ),
    Case(name="nobody present", step="§7.2 step 16", alter=_flags(lambda flags: flags & ~UP)),
    Case(name="nobody verified", step="§7.2 step 17", alter=_flags(lambda flags: flags & ~UV)),
    Case(name="backed up, yet not eligible", step="§7.2 step 18", alter=_flags(lambda flags: flags & ~BE | BS)),
    Case(name="not eligible any more", step="§7.2 step 19", alter=_flags(lambda flags: flags & ~(BE | BS))),
    Case(
        name="a key in an assertion",
        step="§6.1",
        alter=Alteration(flags=lambda flags: flags | AT, authenticator_data=lambda data: data + ATTESTED),
    ),
    # Steps 20 and 21.
    Case(name="missing", step="§7.2 step 21", alter=response(signature=None)),
    Case(name="empty", step=SIGNATURE, alter=response(signature="")),
    Case(name="garbage", step=SIGNATURE, alter=response(signature=b64(bytes(70)))),
    Case(name="over other client data", step=SIGNATURE, alter=_later("clientDataJSON", lambda data: data + b" ")),
    Case(
        name="over another counter",
        step=SIGNATURE,
        alter=_later("authenticatorData", lambda data: data[:36] + b"\x07"),
    ),
    Case(name="over other flags", step=SIGNATURE, alter=_later("authenticatorData", _other_flags)),
    Case(name="r and s of zero", step=SIGNATURE, alter=Alteration(signature=lambda _: encode_dss_signature(0, 0))),
]
BOUND = [Case(name="eligible all at once", step="§7.2 step 19", alter=_flags(lambda flags: flags | BE))]
EVERY_ALGORITHM = [
    Case(name="a wrong key", step=SIGNATURE, alter=Alteration(signature=lambda s: sign(new_key(ES256), s))),
    Case(name="one bit", step=SIGNATURE, alter=Alteration(signature=lambda s: s[:-1] + bytes([s[-1] ^ 1]))),
    Case(name="cut off", step=SIGNATURE, alter=Alteration(signature=lambda s: s[:-1])),
    Case(name="longer", step=SIGNATURE, alter=Alteration(signature=lambda s: s + b"\x00")),
    Case(name="over other data", step=SIGNATURE, alter=Alteration(signed=lambda message: message[1:])),
]


@pytest.fixture(scope="module")
async def synced(service: Service) -> Authenticator:
    """A synced passkey whose owner is never named."""
    return (await with_passkey(service))[1]


async def _refused(service: Service, authenticator: Authenticator, case: Case) -> None:
    client = service.browser()
    options = await request_options(client)
    honest, altered = authenticator.get(options), authenticator.get(options, case.alter)
    before = await everything(service)
    started = time.perf_counter()
    with capture_logs() as entries:
        answer = await client.post(SIGN_IN, {"credential": altered})
    assert time.perf_counter() - started < 1
    assert problem(answer) == (400, "passkey_verification_failed")
    assert "set-cookie" not in answer.headers
    [step] = [entry["step"] for entry in entries if entry["event"] == "passkey.ceremony_refused"]
    assert step.startswith(case.step if case.finds_challenge else "challenge unknown")
    assert await everything(service) == before
    later = await client.post(SIGN_IN, {"credential": honest})
    if case.finds_challenge:
        assert problem(later) == (400, "passkey_verification_failed")
        assert await everything(service) == before
    else:
        assert later.status_code == 200, later.text


@pytest.mark.parametrize("case", parameters(SYNCED))
async def test_a_mutated_sign_in_is_refused(service: Service, synced: Authenticator, case: Case) -> None:
    """It ends at the step it breaks, opens nothing, writes nothing, and uses the challenge up."""
    await _refused(service, synced, case)


@pytest.mark.parametrize("case", parameters(BOUND))
async def test_a_mutated_sign_in_with_a_device_bound_key_is_refused(service: Service, case: Case) -> None:
    """A key made on one device does not become one that can be copied."""
    _, authenticator = await with_passkey(service, Authenticator(backup_eligible=False, backed_up=False))
    await _refused(service, authenticator, case)


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
async def test_signatures_of_every_algorithm_are_checked(service: Service, algorithm: int) -> None:
    """§7.2 step 21, for ES256, EdDSA and RS256."""
    _, authenticator = await with_passkey(service, Authenticator(algorithm=algorithm))
    for case in EVERY_ALGORITHM:
        await _refused(service, authenticator, case)
    assert (await sign_in(service.browser(), authenticator)).status_code == 200


async def test_no_credential_speaks_for_another(service: Service) -> None:
    """§7.2 steps 20 and 21: each credential verifies its own signatures only."""
    _, authenticator = await with_passkey(service)
    _, other = await with_passkey(service)
    mine, theirs = authenticator.credentials[0], other.credentials[0]
    named = credential(id=b64(theirs.id), rawId=b64(theirs.id))
    refused = await sign_in(service.browser(), authenticator, named, credential=mine)
    assert problem(refused) == (400, "passkey_verification_failed")
    pretended = Alteration(
        credential=lambda c: (
            c
            | {"id": b64(theirs.id), "rawId": b64(theirs.id)}
            | {"response": c["response"] | {"userHandle": b64(theirs.user_handle)}}
        )
    )
    refused = await sign_in(service.browser(), authenticator, pretended, credential=mine)
    assert problem(refused) == (400, "passkey_verification_failed")


HARMLESS = {
    "step 4: unknown extension results": credential(clientExtensionResults={"appid": True}),
    "step 8: a byte order mark": Alteration(client_data_bytes=lambda data: b"\xef\xbb\xbf" + data),
    "step 9: other members": Alteration(client_data=lambda d: {"other_keys_can_be_added_here": "x"} | d),
    "step 13: no crossOrigin": Alteration(client_data=lambda d: {k: v for k, v in d.items() if k != "crossOrigin"}),
    "step 18: not backed up at the moment": _flags(lambda flags: flags & ~BS),
    "step 21: the other s": Alteration(signature=_malleated),
    "step 23: extension outputs": Alteration(
        flags=lambda flags: flags | ED, authenticator_data=lambda data: data + cbor2.dumps({"credProtect": 1})
    ),
    "§5.1: an unknown attachment": credential(authenticatorAttachment="implant"),
    "§5.1: members of the future": credential(future={"x": 1}),
}


@pytest.mark.parametrize("name", HARMLESS)
async def test_what_the_specification_tolerates(service: Service, synced: Authenticator, name: str) -> None:
    """Unknown members and extensions are no reason to turn anybody away."""
    answer = await sign_in(service.browser(), synced, HARMLESS[name])
    assert answer.status_code == 200, answer.text


async def test_an_attestation_is_no_assertion(service: Service) -> None:
    """§7.2 step 10: what was made to register, over a challenge for signing in, opens nothing."""
    _, authenticator = await with_passkey(service)
    client = service.browser()
    options = await request_options(client)
    attested = authenticator.attest(authenticator.credentials[0], options["challenge"])
    assert problem(await client.post(SIGN_IN, {"credential": attested})) == (400, "passkey_verification_failed")
