"""`/.well-known/` and the sample route."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.support.service import Service, problem


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def test_published_key_verifies_a_token(service: Service) -> None:
    """Anybody can verify an access token with the published key and no library of ours (RFC 7517, RFC 7515 §5.2)."""
    person, browser = await service.signed_in()
    answer = await service.http().get("/.well-known/jwks.json")
    assert answer.status_code == 200
    assert set(answer.headers["cache-control"].split(", ")) == {"public", "max-age=300"}
    [key] = answer.json()["keys"]
    assert key.keys() == {"kty", "crv", "use", "alg", "kid", "x", "y"}
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
    header, payload, signature = (browser.access_token or "").split(".")
    assert json.loads(decode(header))["kid"] == key["kid"]
    x, y = [int.from_bytes(decode(key[axis])) for axis in ("x", "y")]
    public = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    raw = decode(signature)
    both = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public.verify(both, f"{header}.{payload}".encode(), ECDSA(SHA256()))
    assert json.loads(decode(payload))["sub"] == str(person.id)


async def test_change_password_leads_to_the_page(service: Service) -> None:
    """Password managers are sent to where a password is changed, on this origin."""
    answer = await service.http().get("/.well-known/change-password")
    assert answer.status_code == 302
    assert answer.headers["location"] == "/account#password"


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200",
        "/.well-known/",
        "/.well-known",
        "/.well-known/openid-configuration",
    ],
)
async def test_unknown_well_known_is_a_real_404(service: Service, path: str) -> None:
    """Password managers probe for a service that answers 200 to anything."""
    assert problem(await service.http().get(path, headers={"accept": "text/html"})) == (404, "not_found")


async def test_sample_data_is_guarded(service: Service) -> None:
    """The sample route answers a living session, and nobody else."""
    _, browser = await service.signed_in()
    answer = await browser.get("/api/data")
    assert answer.status_code == 200
    assert "Kim Test" in answer.json()["message"]
    assert problem(await service.http().get("/api/data")) == (401, "invalid_token")
    await browser.post("/auth/logout")
    assert problem(await browser.get("/api/data")) == (401, "session_revoked")
