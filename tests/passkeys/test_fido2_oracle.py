"""python-fido2 as a second opinion: its client, over a small CTAP2 device of ours, and its parsers."""

import asyncio
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes
from threading import Event
from typing import Any

import pytest
from fido2 import cbor
from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client
from fido2.ctap import CtapDevice, CtapError
from fido2.hid import CAPABILITY, CTAPHID
from fido2.webauthn import (
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialRequestOptions,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tests.support.authenticator import (
    AT,
    DEVICE,
    EDDSA,
    ES256,
    ORIGIN,
    RS256,
    UP,
    UV,
    PrivateKey,
    cose_key,
    new_key,
    sign,
)
from tests.support.passkeys import SIGN_IN, VERIFY, creation_options, request_options, with_passkey
from tests.support.service import Service, problem

MAKE_CREDENTIAL, GET_ASSERTION, GET_INFO = 1, 2, 4


@dataclass(slots=True)
class Resident:
    """A credential on the device."""

    id: bytes
    rp_id: str
    user: dict[str, Any]
    key: PrivateKey
    sign_count: int = 0


@dataclass(slots=True)
class SoftDevice(CtapDevice):
    """A CTAP2 authenticator with resident keys and built-in user verification (CTAP 2.2 §6)."""

    algorithms: tuple[int, ...] = (ES256, EDDSA, RS256)
    residents: list[Resident] = field(default_factory=list)

    @property
    def capabilities(self) -> int:
        return int(CAPABILITY.CBOR)

    @classmethod
    def list_devices(cls) -> Iterator[CtapDevice]:
        return iter(())

    def call(
        self,
        cmd: int,
        data: bytes = b"",
        event: Event | None = None,
        on_keepalive: Callable[[Any], None] | None = None,
    ) -> bytes:
        assert cmd == CTAPHID.CBOR
        arguments: Any = cbor.decode(data[1:]) if data[1:] else {}
        answer = {
            MAKE_CREDENTIAL: self._make_credential,
            GET_ASSERTION: self._get_assertion,
            GET_INFO: self._get_info,
        }[data[0]](arguments)
        return bytes([answer]) if isinstance(answer, int) else b"\x00" + cbor.encode(answer)

    def _get_info(self, _: dict[int, Any]) -> dict[int, Any]:
        return {
            1: ["FIDO_2_0", "FIDO_2_1"],
            3: DEVICE.bytes,
            4: {"rk": True, "up": True, "uv": True, "plat": False},
            6: [2],
            10: [{"alg": algorithm, "type": "public-key"} for algorithm in self.algorithms],
        }

    def _make_credential(self, arguments: dict[int, Any]) -> dict[int, Any] | int:
        client_data_hash, rp, user, parameters = (arguments[n] for n in (1, 2, 3, 4))
        excluded = {descriptor["id"] for descriptor in arguments.get(5, ())}
        if excluded & {resident.id for resident in self.residents}:
            return int(CtapError.ERR.CREDENTIAL_EXCLUDED)
        wanted = [parameter["alg"] for parameter in parameters if parameter["alg"] in self.algorithms]
        if not wanted:
            return int(CtapError.ERR.UNSUPPORTED_ALGORITHM)
        assert arguments[7] == {"rk": True, "uv": True}
        resident = Resident(token_bytes(48), rp["id"], user, new_key(wanted[0]))
        self.residents.append(resident)
        attested = DEVICE.bytes + struct.pack(">H", len(resident.id)) + resident.id
        data = self._data(resident, UP | UV | AT) + attested + cbor.encode(cose_key(resident.key))
        signature = sign(resident.key, data + client_data_hash)
        return {1: "packed", 2: data, 3: {"alg": wanted[0], "sig": signature}}

    def _get_assertion(self, arguments: dict[int, Any]) -> dict[int, Any] | int:
        rp_id, client_data_hash = arguments[1], arguments[2]
        allowed = {descriptor["id"] for descriptor in arguments.get(3, ())}
        found = [r for r in self.residents if r.rp_id == rp_id and (not allowed or r.id in allowed)]
        if not found:
            return int(CtapError.ERR.NO_CREDENTIALS)
        resident = found[-1]
        resident.sign_count += 1
        verified = arguments.get(5, {}).get("uv", False)
        data = self._data(resident, UP | (UV if verified else 0))
        return {
            1: {"id": resident.id, "type": "public-key"},
            2: data,
            3: sign(resident.key, data + client_data_hash),
            4: resident.user,
        }

    @staticmethod
    def _data(resident: Resident, flags: int) -> bytes:
        return sha256(resident.rp_id.encode()).digest() + struct.pack(">BI", flags, resident.sign_count)


def browser(device: SoftDevice) -> Fido2Client:
    """The client of python-fido2 on our page."""
    return Fido2Client(device, DefaultClientDataCollector(ORIGIN))


async def _create(device: SoftDevice, options: dict[str, Any]) -> dict[str, Any]:
    """`navigator.credentials.create()` of python-fido2: JSON in, JSON out."""
    parsed = PublicKeyCredentialCreationOptions.from_dict(options)
    return dict(await asyncio.to_thread(browser(device).make_credential, parsed))


async def _get(device: SoftDevice, options: dict[str, Any]) -> dict[str, Any]:
    """`navigator.credentials.get()` of python-fido2: JSON in, JSON out."""
    parsed = PublicKeyCredentialRequestOptions.from_dict(options)
    selection = await asyncio.to_thread(browser(device).get_assertion, parsed)
    return dict(selection.get_response(0))


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
async def test_it_registers_and_signs_in(service: Service, algorithm: int) -> None:
    """Each ceremony of ours, through another implementation of both other sides."""
    person, client = await service.signed_in()
    device = SoftDevice(algorithms=(algorithm,))
    answer = await client.post(VERIFY, {"credential": await _create(device, await creation_options(client))})
    assert answer.status_code == 201, answer.text
    assert answer.json()["device_type"] == "single_device"
    for _ in range(2):
        fresh = service.browser()
        answer = await fresh.post(SIGN_IN, {"credential": await _get(device, await request_options(fresh))})
        assert answer.status_code == 200, answer.text
        assert answer.json()["user"]["id"] == str(person.id)
        assert answer.json()["session"]["amr"] == ["hwk", "user", "mfa"]
    credential = await _get(device, await request_options(client))
    answer = await client.post("/auth/reauthenticate", {"method": "passkey", "credential": credential})
    assert answer.status_code == 200, answer.text
    client.access_token = answer.json()["access_token"]
    with pytest.raises(ClientError) as excluded:
        await _create(device, await creation_options(client))
    assert excluded.value.code == ClientError.ERR.DEVICE_INELIGIBLE


async def test_it_prefers_what_we_prefer(service: Service) -> None:
    """A device that can do all takes the first of the algorithms offered."""
    _, client = await service.signed_in()
    device = SoftDevice()
    await _create(device, await creation_options(client))
    assert cose_key(device.residents[0].key)[3] == EDDSA


async def test_its_client_keeps_to_our_relying_party(service: Service) -> None:
    """On another site's page it does not even ask the device."""
    _, client = await service.signed_in()
    device = SoftDevice()
    elsewhere = Fido2Client(device, DefaultClientDataCollector("https://example.net"))
    options = PublicKeyCredentialCreationOptions.from_dict(await creation_options(client))
    with pytest.raises(ClientError):
        await asyncio.to_thread(elsewhere.make_credential, options)
    assert device.residents == []


async def test_a_copied_device_is_found_out(service: Service) -> None:
    """Two devices with one counter between them: the second use of a value is refused."""
    _, client = await service.signed_in()
    device = SoftDevice()
    await client.post(VERIFY, {"credential": await _create(device, await creation_options(client))})
    original = device.residents[0]
    copy = SoftDevice(residents=[Resident(original.id, original.rp_id, original.user, original.key)])
    fresh = service.browser()
    first = await fresh.post(SIGN_IN, {"credential": await _get(device, await request_options(fresh))})
    assert first.status_code == 200
    fresh = service.browser()
    second = await fresh.post(SIGN_IN, {"credential": await _get(copy, await request_options(fresh))})
    assert problem(second) == (400, "passkey_verification_failed")


async def test_its_parsers_accept_every_document_of_options(service: Service) -> None:
    """And read in them what was meant."""
    person, client = await service.signed_in()
    creations = [await creation_options(client), await creation_options(client, mode="conditional")]
    for document in creations:
        creation = PublicKeyCredentialCreationOptions.from_dict(document)
        assert creation is not None
        assert creation.authenticator_selection is not None
        assert (creation.rp.id, creation.user.name, len(creation.user.id)) == ("localhost", person.email, 64)
        assert [parameter.alg for parameter in creation.pub_key_cred_params] == [-8, -7, -257]
        assert creation.authenticator_selection.resident_key == ResidentKeyRequirement.REQUIRED
        assert creation.authenticator_selection.user_verification == UserVerificationRequirement.REQUIRED
        assert len(creation.challenge) == 32
    owner, authenticator = await with_passkey(service)
    _, session = await service.signed_in(owner)
    for document, allowed in (
        (await request_options(service.browser()), []),
        (await request_options(session), [authenticator.credentials[0].id]),
    ):
        request = PublicKeyCredentialRequestOptions.from_dict(document)
        assert request is not None
        assert (request.rp_id, request.user_verification) == ("localhost", UserVerificationRequirement.REQUIRED)
        assert [descriptor.id for descriptor in request.allow_credentials or []] == allowed
        assert len(request.challenge) == 32
