"""Registrations that break a step of WebAuthn Level 3 §7.1, over HTTP: refused, and nothing changes."""

import re
import time
from hashlib import sha256
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from structlog.testing import capture_logs

from tests.passkeys.cases import Case, client_data_cases, credential, parameters, response
from tests.support.authenticator import BE, BS, ED, UP, UV, Alteration, Authenticator, b64, cose_key, unb64
from tests.support.passkeys import VERIFY, creation_options, reauthenticate, register, with_passkey
from tests.support.service import Client, Person, Service, problem

TAGGED_REGEXP = cbor2.dumps("(?i)" + "[\x00-\U0010ffff]" * 2_000)
"""Behind tag 35 a general decoder compiles it, for most of a minute."""


def _cose(**changed: Any) -> Alteration:
    """Entries of the COSE_Key replaced, by label with `_` for a minus; those that are None are left out."""
    labels = {int(name[1:].replace("_", "-")): value for name, value in changed.items()}
    return Alteration(cose=lambda key: {k: v for k, v in (key | labels).items() if v is not None})


def _statement(**changed: Any) -> Alteration:
    return Alteration(attestation=lambda found: {k: v for k, v in (found | changed).items() if v is not ...})


def _packed(**changed: Any) -> Alteration:
    """A packed statement with members replaced; those that are None are left out."""

    def change(found: dict[str, Any]) -> dict[str, Any]:
        statement = {k: v for k, v in (found["attStmt"] | changed).items() if v is not None}
        return found | {"attStmt": statement}

    return Alteration(attestation=change)


def _key(private: Any, **changed: Any) -> Alteration:
    """The public half of another key in place of the credential's own."""
    labels = {int(name[1:].replace("_", "-")): value for name, value in changed.items()}
    return Alteration(cose=lambda _: cose_key(private) | labels)


def _p384() -> dict[int, Any]:
    point = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    return {1: 2, -1: 2, -2: point.x.to_bytes(48, "big"), -3: point.y.to_bytes(48, "big")}


def _rsa(bits: int) -> Any:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


OBJECT, DATA, KEY = "§7.1 step 13 attestationObject", "§7.1 step 13 authenticatorData", "§7.1 step 20 public key"
STATEMENT, FORMAT, NAMED = "§7.1 step 22 attestation statement", "§7.1 step 21 attestation format", "§5.1 id"

CASES = [
    *client_data_cases("§7.1", kind="webauthn.create", other="webauthn.get"),
    # Steps 2 and 3: an attestation response.
    Case(name="no response", step="§5.1", alter=credential(response=None), finds_challenge=False),
    Case(name="a list", step="§5.1", alter=credential(response=[]), finds_challenge=False),
    Case(name="no client data", step="§5.1", alter=response(clientDataJSON=None), finds_challenge=False),
    Case(name="padded client data", step="§5.1", alter=response(clientDataJSON="e30="), finds_challenge=False),
    Case(
        name="an assertion response",
        step="§7.1 step 13",
        alter=response(attestationObject=None, authenticatorData=b64(bytes(37)), signature=b64(bytes(70))),
    ),
    # Steps 12 and 13: the attestation object.
    Case(name="a number for base64url", step="§7.1 step 13", alter=response(attestationObject=5)),
    Case(name="foreign characters", step="§7.1 step 13", alter=response(attestationObject="é")),
    Case(name="nothing", step=OBJECT, alter=response(attestationObject="")),
    Case(name="garbage", step=OBJECT, alter=Alteration(attestation_bytes=lambda _: b"\xff" * 300)),
    Case(name="a number", step=OBJECT, alter=Alteration(attestation=lambda _: 5)),
    Case(name="a list", step=OBJECT, alter=Alteration(attestation=lambda found: list(found.values()))),
    Case(name="cut off", step=OBJECT, alter=Alteration(attestation_bytes=lambda found: found[:-1])),
    Case(name="bytes after it", step=OBJECT, alter=Alteration(attestation_bytes=lambda found: found + b"\x00")),
    Case(name="a huge text", step=OBJECT, alter=Alteration(attestation_bytes=lambda _: b"\x7b" + b"\x7f" * 8)),
    Case(name="a huge map", step=OBJECT, alter=Alteration(attestation_bytes=lambda _: b"\xbb" + b"\x7f" * 8)),
    Case(name="depth", step=OBJECT, alter=Alteration(attestation_bytes=lambda _: b"\x81" * 30_000)),
    Case(
        name="an indefinite map",
        step=OBJECT,
        alter=Alteration(attestation_bytes=lambda found: b"\xbf" + found[1:] + b"\xff"),
    ),
    Case(name="a tag", step=OBJECT, alter=Alteration(attestation_bytes=lambda found: b"\xd9\xd9\xf7" + found)),
    Case(
        name="a tagged statement",
        step=OBJECT,
        alter=Alteration(
            attestation_bytes=lambda found: found.replace(b"gattStmt\xa0", b"gattStmt\xa1\x61x\xd8\x23" + TAGGED_REGEXP)
        ),
    ),
    Case(
        name="a member twice",
        step=OBJECT,
        alter=Alteration(attestation_bytes=lambda found: b"\xa4" + found[1:] + b"\x63fmt\x64none"),
    ),
    *(
        Case(name=f"no {member}", step=OBJECT, alter=_statement(**{member: ...}))
        for member in ("fmt", "attStmt", "authData")
    ),
    Case(name="a number for fmt", step=OBJECT, alter=_statement(fmt=1)),
    Case(name="a list for attStmt", step=OBJECT, alter=_statement(attStmt=[])),
    Case(name="text for authData", step=OBJECT, alter=_statement(authData="x")),
    # The authenticator data itself (§6.1).
    Case(name="36 bytes", step=DATA, alter=Alteration(authenticator_data=lambda data: data[:36])),
    Case(name="a key cut off", step=DATA, alter=Alteration(authenticator_data=lambda data: data[:-1])),
    Case(name="bytes after it", step=DATA, alter=Alteration(authenticator_data=lambda data: data + b"\x00")),
    Case(name="extensions announced only", step=DATA, alter=Alteration(flags=lambda flags: flags | ED)),
    Case(
        name="an id longer than the data",
        step=DATA,
        alter=Alteration(authenticator_data=lambda data: data[:53] + b"\xff\xff" + data[55:]),
    ),
    Case(name="a key that is no CBOR", step=DATA, alter=Alteration(key_bytes=lambda _: b"\xff\xff")),
    Case(name="a tagged key", step=DATA, alter=Alteration(key_bytes=lambda key: b"\xd8\x23" + TAGGED_REGEXP)),
    Case(
        name="a tagged extension",
        step=DATA,
        alter=Alteration(
            flags=lambda flags: flags | ED, authenticator_data=lambda data: data + b"\xa1\x61x\xd8\x23" + TAGGED_REGEXP
        ),
    ),
    Case(
        name="no attested credential data",
        step="§6.5",
        alter=Alteration(authenticator_data=lambda data: data[:32] + bytes([UP | UV]) + data[33:37]),
    ),
    # Steps 14 to 17.
    Case(
        name="another relying party",
        step="§7.1 step 14",
        alter=Alteration(authenticator_data=lambda data: sha256(b"example.com").digest() + data[32:]),
    ),
    Case(name="nobody present", step="§7.1 step 15", alter=Alteration(flags=lambda flags: flags & ~UP)),
    Case(name="nobody verified", step="§7.1 step 16", alter=Alteration(flags=lambda flags: flags & ~UV)),
    Case(name="backed up, yet not eligible", step="§7.1 step 17", alter=Alteration(flags=lambda f: f & ~BE | BS)),
    # Step 20 and §5.8.5: the key.
    Case(name="ES384", step=KEY, alter=Alteration(cose=lambda _: {3: -35} | _p384())),
    Case(name="ES256 on P-384", step=KEY, alter=Alteration(cose=lambda _: {3: -7} | _p384())),
    Case(name="ES256 that calls P-256 P-384", step=KEY, alter=_cose(k_1=2)),
    Case(name="ESP256, a newer name", step=KEY, alter=_cose(k3=-9)),
    Case(name="RS1", step=KEY, alter=_key(_rsa(2048), k3=-65535)),
    Case(name="HS256", step=KEY, alter=Alteration(cose=lambda _: {1: 4, 3: 5, -1: bytes(32)})),
    Case(name="no kty", step=KEY, alter=_cose(k1=None)),
    Case(name="no alg", step=KEY, alter=_cose(k3=None)),
    Case(name="no y", step=KEY, alter=_cose(k_3=None)),
    Case(name="a compressed point", step=KEY, alter=_cose(k_3=True)),
    Case(name="a short x", step=KEY, alter=_cose(k_2=bytes(31))),
    Case(name="a point off the curve", step=KEY, alter=_cose(k_2=bytes(31) + b"\x05", k_3=bytes(31) + b"\x05")),
    Case(name="the point at infinity", step=KEY, alter=_cose(k_2=bytes(32), k_3=bytes(32))),
    Case(name="kty of another key", step=KEY, alter=_cose(k1=1)),
    Case(name="X25519", step=KEY, alter=Alteration(cose=lambda _: {1: 1, 3: -8, -1: 4, -2: bytes(32)})),
    Case(name="a short Ed25519 key", step=KEY, alter=Alteration(cose=lambda _: {1: 1, 3: -8, -1: 6, -2: bytes(31)})),
    Case(name="RSA of 1024 bits", step=KEY, alter=_key(_rsa(1024))),
    Case(name="RSA of 16384 bits", step=KEY, alter=_key(_rsa(2048), k_1=b"\xff" * 2048)),
    Case(name="RSA without exponent", step=KEY, alter=_key(_rsa(2048), k_2=None)),
    Case(name="RSA with exponent 1", step=KEY, alter=_key(_rsa(2048), k_2=b"\x01")),
    Case(name="a list", step=KEY, alter=Alteration(cose=lambda key: list(key.values()))),
    Case(name="a label twice", step=DATA, alter=Alteration(key_bytes=lambda key: b"\xa6" + key[1:] + b"\x03\x26")),
    # Steps 21 and 22: the attestation statement.
    *(Case(name=fmt, step=FORMAT, alter=_statement(fmt=fmt)) for fmt in ("None", "bogus", "", "packed ", "compound")),
    Case(name="none with members", step=STATEMENT, alter=_statement(attStmt={"alg": -7})),
    Case(name="packed without members", step=STATEMENT, alter=_statement(fmt="packed")),
    # Steps 25 to 27: the credential id.
    Case(name="none", step="§7.1 step 25", alter=Alteration(credential_id=lambda _: b"")),
    Case(name="1024 bytes", step="§7.1 step 25", alter=Alteration(credential_id=lambda _: bytes(1024))),
    Case(name="not the one named", step="§7.1 step 27", alter=Alteration(credential_id=lambda _: bytes(32))),
    Case(name="a number", step=NAMED, alter=credential(id=5, rawId=5)),
    Case(name="missing", step=NAMED, alter=credential(id=None)),
    Case(name="padded", step=NAMED, alter=Alteration(credential=lambda c: c | {"id": c["id"] + "=", "rawId": ...})),
    Case(name="rawId is another", step=NAMED, alter=credential(rawId=b64(bytes(32)))),
    Case(name="another type", step=NAMED, alter=credential(type="password")),
    Case(name="no type", step=NAMED, alter=credential(type=None)),
]
PACKED = [
    Case(name="no signature", step=STATEMENT, alter=_packed(sig=None)),
    Case(name="an empty signature", step=STATEMENT, alter=_packed(sig=b"")),
    Case(name="text for a signature", step=STATEMENT, alter=_packed(sig="x")),
    Case(name="no algorithm", step=STATEMENT, alter=_packed(alg=None)),
    Case(name="another algorithm", step=STATEMENT, alter=_packed(alg=-257)),
    Case(name="an empty chain", step=STATEMENT, alter=_packed(x5c=[])),
    Case(name="a chain of garbage", step=STATEMENT, alter=_packed(x5c=[b"\x30\x03\x02\x01\x01"])),
    Case(name="a chain of numbers", step=STATEMENT, alter=_packed(x5c=[1])),
    Case(name="a wrong signature", step=STATEMENT, alter=Alteration(signature=lambda s: s[:-1] + bytes([s[-1] ^ 1]))),
    Case(name="a signature over other data", step=STATEMENT, alter=Alteration(signed=lambda m: m[:-1] + b"\x00")),
    Case(name="a key swapped after signing", step=STATEMENT, alter=_key(ec.generate_private_key(ec.SECP256R1()))),
]


@pytest.fixture(scope="module")
async def someone(service: Service) -> tuple[Person, Client]:
    """Somebody signed in, with a password only, who never gets a passkey."""
    return await service.signed_in()


async def everything(service: Service) -> list[tuple[Any, ...]]:
    """All that a refused ceremony must leave alone."""
    # An earlier test's refresh is written behind; it must not land between two looks.
    await service.services.upkeep.write_rotations()
    return [
        *await service.rows("SELECT to_jsonb(p) FROM hybrid_auth_passkeys p ORDER BY id"),
        *await service.rows("SELECT to_jsonb(s) FROM hybrid_auth_sessions s ORDER BY id"),
        *await service.rows("SELECT id, session_epoch FROM hybrid_auth_users ORDER BY id"),
    ]


async def _refused(service: Service, client: Client, authenticator: Authenticator, case: Case) -> None:
    options = await creation_options(client)
    before = await everything(service)
    answer_to = authenticator.create(options)
    altered = authenticator.attest(authenticator.credentials[-1], options["challenge"], case.alter)
    started = time.perf_counter()
    with capture_logs() as entries:
        answer = await client.post(VERIFY, {"credential": _jsonable(altered)})
    assert time.perf_counter() - started < 1
    assert problem(answer) == (400, "passkey_verification_failed")
    [step] = [entry["step"] for entry in entries if entry["event"] == "passkey.ceremony_refused"]
    assert step.startswith(case.step if case.finds_challenge else "challenge unknown")
    assert await everything(service) == before
    honest = await client.post(VERIFY, {"credential": answer_to})
    if case.finds_challenge:
        assert problem(honest) == (400, "passkey_verification_failed")
        assert await everything(service) == before
    else:
        assert honest.status_code == 201, honest.text
        await service.write("DELETE FROM hybrid_auth_passkeys")


def _jsonable(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not ...}


@pytest.mark.parametrize("case", parameters(CASES))
async def test_a_mutated_registration_is_refused(service: Service, someone: tuple[Person, Client], case: Case) -> None:
    """It ends at the step it breaks, writes nothing, and uses the challenge up."""
    await _refused(service, someone[1], Authenticator(), case)


@pytest.mark.parametrize("case", parameters(PACKED))
async def test_a_mutated_packed_attestation_is_refused(
    service: Service, someone: tuple[Person, Client], case: Case
) -> None:
    """Nobody asked for an attestation, but one that is given must hold."""
    await _refused(service, someone[1], Authenticator(attestation="packed"), case)


def _extended(data: bytes) -> bytes:
    return data + cbor2.dumps({"credProtect": 2, "hmac-secret": True})


HARMLESS = {
    "as it is": Alteration(),
    "step 4: unknown extension results": credential(clientExtensionResults={"x": [1], "credProps": 5}),
    "step 5: a byte order mark": Alteration(client_data_bytes=lambda data: b"\xef\xbb\xbf" + data),
    "step 6: other members": Alteration(client_data=lambda d: {"z": {"a": [1]}} | d | {"virtualAuthenticator": None}),
    "step 6: another order": Alteration(client_data=lambda d: dict(reversed(d.items()))),
    "step 10: no crossOrigin": Alteration(client_data=lambda d: {k: v for k, v in d.items() if k != "crossOrigin"}),
    "step 13: other members": _statement(epAtt=False),
    "step 25: 1023 bytes": Alteration(
        credential_id=lambda _: b"\x07" * 1023,
        credential=lambda c: c | {"id": b64(b"\x07" * 1023), "rawId": b64(b"\x07" * 1023)},
    ),
    "step 25: one byte": Alteration(
        credential_id=lambda _: b"\x07", credential=lambda c: c | {"id": b64(b"\x07"), "rawId": b64(b"\x07")}
    ),
    "step 28: extension outputs": Alteration(flags=lambda flags: flags | ED, authenticator_data=_extended),
    "§5.1: an unknown attachment": credential(authenticatorAttachment="implant"),
    "§5.2.1: unknown transports": response(transports=["internal", "telepathy", 5, {}, "internal"]),
    "§5.2.1: transports of another kind": response(transports="internal"),
    "§5.2.1: no transports": response(transports=None),
    "not backed up": Alteration(flags=lambda flags: flags & ~BS),
    "device-bound": Alteration(flags=lambda flags: flags & ~(BS | BE)),
    "a format we did not ask for": _statement(fmt="apple", attStmt={"x5c": [b"\x30"]}),
}


@pytest.mark.parametrize("name", HARMLESS)
async def test_what_the_specification_tolerates(service: Service, name: str) -> None:
    """Unknown members, extensions and hints are no reason to turn anybody away."""
    _, client = await service.signed_in()
    answer = await register(client, Authenticator(), HARMLESS[name])
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert set(made["transports"]) <= {"internal", "hybrid"}
    assert re.fullmatch(r"[A-Za-z0-9_-]+", made["credential_id"])
    await client.delete(f"/auth/passkeys/{made['id']}")
    await service.write("DELETE FROM hybrid_auth_passkeys")


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
@pytest.mark.parametrize("attestation", ["none", "packed"])
async def test_every_algorithm_offered_is_accepted(service: Service, algorithm: int, attestation: str) -> None:
    """ES256, EdDSA and RS256, without attestation and with one of their own."""
    _, client = await service.signed_in()
    answer = await register(client, Authenticator(algorithm=algorithm, attestation=attestation))
    assert answer.status_code == 201, answer.text
    assert len(unb64(answer.json()["credential_id"])) == 32
    await service.write("DELETE FROM hybrid_auth_passkeys")


async def test_a_credential_is_registered_once(service: Service) -> None:
    """§7.1 step 26: neither to the same person again nor to anybody else, whatever key comes with it."""
    person, authenticator = await with_passkey(service)
    _, client = await service.signed_in(person)
    assert (await reauthenticate(client, authenticator)).status_code == 200
    [owned] = authenticator.credentials
    taken = Alteration(
        credential_id=lambda _: owned.id, credential=lambda c: c | {"id": b64(owned.id), "rawId": b64(owned.id)}
    )
    before = await everything(service)
    again = await creation_options(client)
    answer = await client.post(VERIFY, {"credential": authenticator.attest(owned, again["challenge"])})
    assert problem(answer) == (400, "passkey_verification_failed")
    assert await everything(service) == before
    _, thief = await service.signed_in()
    before = await everything(service)
    with capture_logs() as entries:
        answer = await register(thief, Authenticator(), taken)
    assert problem(answer) == (400, "passkey_verification_failed")
    assert [entry["step"] for entry in entries] == ["§7.1 step 26 credential known"]
    assert await everything(service) == before
    await service.write("DELETE FROM hybrid_auth_passkeys")
