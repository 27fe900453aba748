"""Attacks on the access token (attack catalogue §6.1). Each must be 401, change nothing, and never be a 500."""

import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.forgery import ABSENT, Forger, encode, sign_es256, sign_hs256
from tests.support.service import OTHER_PASSWORD, PASSWORD, Client, Person, Service, problem

INVALID = (401, "invalid_token")


class Victim:
    """A person whose token is attacked; asserts that an attack fails and leaves their session alone."""

    def __init__(self, service: Service, person: Person, client: Client, forger: Forger) -> None:
        self.service, self.person, self.client, self.forger = service, person, client, forger
        self._attacker = service.http()

    async def refuses(self, token: str | bytes, *, code: str = "invalid_token") -> None:
        bearer = b"Bearer " + (token if isinstance(token, bytes) else token.encode())
        for method, path in (("GET", "/auth/me"), ("GET", "/api/data"), ("POST", "/auth/logout-all")):
            answer = await self._attacker.request(method, path, headers={b"authorization": bearer})
            assert problem(answer) == (401, code)
            assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'

    async def accepts(self, token: str) -> None:
        answer = await self._attacker.get("/auth/me", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200


@pytest.fixture(scope="module")
async def shared(service: Service) -> Victim:
    person, client = await service.signed_in(native=True)
    return Victim(service, person, client, await Forger.of(service, client))


@pytest.fixture
async def victim(shared: Victim) -> AsyncIterator[Victim]:
    """One person for the module; whatever was tried, their session still lives."""
    await shared.accepts(shared.client.access_token or "")
    yield shared
    await shared.accepts(shared.client.access_token or "")


async def test_the_forger_forges_well(victim: Victim) -> None:
    """Unchanged claims signed anew are accepted, so that each refusal below has the reason it names."""
    await victim.accepts(victim.forger.signed())
    await victim.accepts(victim.forger.signed(header={"typ": "application/at+jwt"}))
    await victim.accepts(victim.forger.signed(header={"typ": "AT+JWT"}))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
async def test_a01_no_algorithm(victim: Victim, algorithm: str) -> None:
    """A-01: no signature at all, under every spelling of `none`."""
    bare = victim.forger.unsigned(header={"alg": algorithm})
    await victim.refuses(bare)
    await victim.refuses(bare + victim.forger.token.rsplit(".", 1)[1])


async def test_a02_public_key_as_a_shared_secret(victim: Victim) -> None:
    """A-02: HS256 keyed with any form of the public key."""
    public = victim.forger.key.public_key()
    jwk = (await victim.service.http().get("/.well-known/jwks.json")).json()["keys"][0]
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        json.dumps(jwk).encode(),
        public.public_numbers().x.to_bytes(32),
        b"",
    ]
    text = victim.forger.unsigned(header={"alg": "HS256"})
    for secret in secrets:
        await victim.refuses(text + encode(sign_hs256(secret, text[:-1].encode())))


@pytest.mark.parametrize(
    "algorithm", ["RS256", "PS256", "ES384", "ES256K", "EdDSA", "Ed25519", "es256", "HS256", "ES256 "]
)
async def test_a03_another_algorithm_for_the_key(victim: Victim, algorithm: str) -> None:
    """A-03: the key signs with one algorithm only, whatever the header says."""
    await victim.refuses(victim.forger.signed(header={"alg": algorithm}))


async def test_a03_keys_of_another_kind(victim: Victim) -> None:
    """A-03: well-formed tokens of RSA, P-384 and Ed25519 keys under our key id."""
    keys: dict[str, Any] = {
        "RS256": generate_rsa(65537, 2048),
        "ES384": generate_private_key(SECP384R1()),
        "EdDSA": Ed25519PrivateKey.generate(),
    }
    for algorithm, key in keys.items():
        headers = {"typ": "at+jwt", "kid": victim.forger.header["kid"]}
        await victim.refuses(jwt.encode(dict(victim.forger.claims), key, algorithm, headers=headers))


@pytest.mark.parametrize("algorithm", [ABSENT, None, ["ES256"], 7, {"alg": "ES256"}, True])
async def test_a04_algorithm_of_another_type(victim: Victim, algorithm: object) -> None:
    """A-04: no algorithm, or one that is no string."""
    await victim.refuses(victim.forger.signed(header={"alg": algorithm}))


@pytest.mark.parametrize("field", ["jwk", "jku", "x5u", "x5c"])
async def test_a05_key_brought_along(victim: Victim, field: str) -> None:
    """A-05: a header that brings or names a key is refused, even over our own signature; nothing is fetched."""
    attacker = generate_private_key(SECP256R1())
    numbers = attacker.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": encode(numbers.x.to_bytes(32)), "y": encode(numbers.y.to_bytes(32))}
    values = {"jwk": jwk, "jku": "http://127.0.0.1:9/keys", "x5u": "http://127.0.0.1:9/cert", "x5c": ["MIIB"]}
    text = victim.forger.unsigned(header={field: values[field]})[:-1]
    await victim.refuses(f"{text}.{encode(sign_es256(attacker, text.encode()))}")
    await victim.refuses(victim.forger.signed(header={field: values[field]}))


@pytest.mark.parametrize(
    "kid",
    [
        ABSENT,
        None,
        7,
        [],
        {},
        "",
        "unknown",
        "../../etc/passwd",
        "' OR 1=1--",
        "%00",
        "x" * 2000,
        "http://127.0.0.1:9/",
    ],
)
async def test_a06_key_id(victim: Victim, kid: object) -> None:
    """A-06: an unknown key id, a hostile one, or one that is no text."""
    await victim.refuses(victim.forger.signed(header={"kid": kid}))


async def test_a06_huge_key_id_is_bounded_work(victim: Victim) -> None:
    """A-06: a token beyond the longest we make is refused before anything of it is decoded."""
    huge = victim.forger.signed(header={"kid": "x" * 10_000})
    begun = time.perf_counter()
    await victim.refuses(huge)
    assert time.perf_counter() - begun < 1


async def test_a06_retired_key(victim: Victim) -> None:
    """A-06: a key that is not in force any more verifies nothing."""
    tokens = victim.service.services.access_tokens
    [key] = await victim.service.services.signing_keys.load()
    tokens.use_keys((type(key)("another", generate_private_key(SECP256R1())),))
    try:
        await victim.refuses(victim.forger.token)
    finally:
        tokens.use_keys((key,))


def _flip(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


FORMS: dict[str, Callable[[str], str | bytes]] = {
    "first byte of the header": lambda t: _flip(t, 0),
    "a byte of the payload": lambda t: _flip(t, t.index(".") + 20),
    "a byte of the signature": lambda t: _flip(t, len(t) - 40),
    "last bits of the signature": lambda t: t[:-1] + chr(ord(t[-1]) + 1),
    "signature cut": lambda t: t[:-1],
    "signature empty": lambda t: t.rsplit(".", 1)[0] + ".",
    "signature padded": lambda t: t + "==",
    "signature of zeros": lambda t: t.rsplit(".", 1)[0] + "." + "A" * 86,
    "newline behind": lambda t: t + "\n",
    "space inside": lambda t: t.replace(".", " .", 1),
    "two segments": lambda t: t.rsplit(".", 1)[0],
    "four segments": lambda t: t + ".e30",
    "five segments": lambda t: t + ".e30.e30",
    "leading dot": lambda t: "." + t,
    "empty": lambda _: "",
    "JSON serialisation": lambda t: json.dumps(
        dict(zip(("protected", "payload", "signature"), t.split("."), strict=True))
    ),
    "standard base64": lambda t: t.replace("-", "+").replace("_", "/") + "+",
    "non-ASCII": lambda t: t.encode() + b"\xc3\xa9",
    "full-width letters": lambda t: t.encode() + "\uff21".encode(),
    "one megabyte": lambda t: t + "A" * 1_000_000,
    "quoted": lambda t: f'"{t}"',
    "twice": lambda t: f"{t}, {t}",
}


@pytest.mark.parametrize("form", FORMS)
async def test_a07_broken_forms(victim: Victim, form: str) -> None:
    """A-07: changed, cut, padded, foreign and oversized forms of a good token."""
    broken = FORMS[form](victim.forger.token)
    assert broken != victim.forger.token
    await victim.refuses(broken)


async def test_a07_signature_of_another_token(victim: Victim) -> None:
    """A-07: a good signature over something else."""
    _, other = await victim.service.signed_in()
    foreign = (other.access_token or "").rsplit(".", 1)[1]
    await victim.refuses(victim.forger.token.rsplit(".", 1)[0] + "." + foreign)


@pytest.mark.parametrize(
    "payload",
    [b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"[" * 2000, b'{"iss":NaN}'],
)
async def test_a07_payload_that_is_no_claims(victim: Victim, payload: bytes) -> None:
    """A-07: our own signature over what is no JSON object in UTF-8."""
    header = json.dumps(victim.forger.header).encode()
    await victim.refuses(victim.forger.over(header, payload))
    await victim.refuses(victim.forger.over(payload, json.dumps(victim.forger.claims).encode()))


@pytest.mark.parametrize(
    "extra",
    [
        {"crit": ["x"]},
        {"crit": []},
        {"b64": False},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
        {"enc": "A128GCM"},
    ],
)
async def test_a08_extensions(victim: Victim, extra: dict[str, object]) -> None:
    """A-08: critical and unencoded-payload extensions, compression and encryption."""
    await victim.refuses(victim.forger.signed(header=extra))


async def test_a09_expired(victim: Victim) -> None:
    """A-09: at its `exp` the token is over, and one second before it is not."""
    now = int(victim.service.clock.now().timestamp())
    await victim.accepts(victim.forger.signed(claims={"exp": now + 1}))
    await victim.refuses(victim.forger.signed(claims={"exp": now}))
    await victim.refuses(victim.forger.signed(claims={"exp": now - 1}))


@pytest.mark.parametrize(
    "expiry", [ABSENT, None, "9999999999", "", True, [], -1, 0, 9999999999.5, float("inf"), float("nan")]
)
async def test_a09_expiry_that_is_none(victim: Victim, expiry: object) -> None:
    """A-09: no `exp`, or one that is no whole number."""
    await victim.refuses(victim.forger.signed(claims={"exp": expiry}))


async def test_a09_expiry_beyond_all_numbers(victim: Victim) -> None:
    """A-09: `1e400`, and what is a number in other languages."""
    claims = json.dumps(victim.forger.claims)
    header = json.dumps(victim.forger.header).encode()
    expiry = f'"exp": {victim.forger.claims["exp"]}'
    assert expiry in claims
    for number in ("1e400", "0x7fffffff", "+9999999999", "9_999_999_999", "9999999999n"):
        await victim.refuses(victim.forger.over(header, claims.replace(expiry, f'"exp": {number}').encode()))


@pytest.mark.parametrize("field", ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "auth_time", "amr", "acr", "roles"])
async def test_a09_missing_claims(victim: Victim, field: str) -> None:
    """A-09: every claim of the contract has to be there."""
    await victim.refuses(victim.forger.signed(claims={field: ABSENT}))


async def test_a09_not_yet(victim: Victim) -> None:
    """A-09: issued or valid only far in the future."""
    now = int(victim.service.clock.now().timestamp())
    await victim.refuses(victim.forger.signed(claims={"iat": now + 3600}))
    await victim.refuses(victim.forger.signed(claims={"nbf": now + 3600}))
    await victim.refuses(victim.forger.signed(claims={"iat": "0"}))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "http://other.example"},
        {"aud": ["http://other.example"]},
        {"aud": ["http://localhost:8001"]},
        {"aud": []},
        {"aud": None},
        {"aud": "http://localhost:8001/"},
        {"iss": "http://localhost:8001/"},
        {"iss": "http://localhost:8001.evil.example"},
        {"iss": "HTTP://LOCALHOST:8001"},
        {"iss": ["http://localhost:8001"]},
        {"iss": None},
        {"iss": ""},
    ],
)
async def test_a10_other_issuer_or_audience(victim: Victim, claims: dict[str, object]) -> None:
    """A-10: issuer and audience are ours to the letter, and no list."""
    await victim.refuses(victim.forger.signed(claims=claims))


@pytest.mark.parametrize(
    "kind", [ABSENT, None, "JWT", "", "jwt", "dbsc+jwt", "dpop+jwt", "at+jwt;x", "text/at+jwt", 7, ["at+jwt"]]
)
async def test_a11_token_of_another_type(victim: Victim, kind: object) -> None:
    """A-11: a token that does not say it is an access token."""
    await victim.refuses(victim.forger.signed(header={"typ": kind}))


async def test_a11_other_tokens_as_bearer(victim: Victim) -> None:
    """A-11: refresh and mail tokens open nothing as bearer, nor does an access token where those belong."""
    service, email = victim.service, f"{uuid4().hex}@example.org"
    await victim.refuses(victim.client.refresh_token or "")
    await service.browser().post("/auth/register", {"email": email, "password": PASSWORD})
    [mail] = await service.mails_to(email)
    await victim.refuses(mail.token)
    stranger = service.native()
    refresh = await stranger.post("/auth/refresh", {"refresh_token": victim.forger.token[:512]})
    assert problem(refresh) == (401, "invalid_refresh_token")
    logout = await stranger.post("/auth/logout", {"refresh_token": victim.forger.token[:512]})
    assert problem(logout) == (401, "invalid_refresh_token")
    cookie = await stranger.post("/auth/refresh", None, cookie=f"refresh={victim.forger.token}")
    assert problem(cookie) == (401, "invalid_refresh_token")
    verify = await stranger.post("/auth/email/verify", {"token": victim.forger.token[:128]})
    assert problem(verify) == (400, "invalid_or_expired_token")


async def test_a12_session_of_nobody_or_somebody_else(victim: Victim) -> None:
    """A-12: our own signature over a person or session that is not there, or over two that do not belong together."""
    person, client = await victim.service.signed_in()
    for claims in (
        {"sid": str(uuid4())},
        {"sub": str(uuid4())},
        {"sub": str(uuid4()), "sid": str(uuid4())},
        {"sid": client.session_id},
        {"sub": str(person.id)},
    ):
        await victim.refuses(victim.forger.signed(claims=claims), code="session_revoked")
    assert await client.is_signed_in()


@pytest.mark.parametrize("value", ["", "x", "*", 7, None, [], "../..", "{}", "00000000000000000000000000000000"])
@pytest.mark.parametrize("field", ["sub", "sid"])
async def test_a12_ids_that_are_none(victim: Victim, field: str, value: object) -> None:
    """A-12: ids that are no UUID in its one spelling."""
    await victim.refuses(victim.forger.signed(claims={field: value}))


async def test_a12_ids_in_another_spelling(victim: Victim) -> None:
    """A-12: the right ids in upper case, braces or as a URN are not the same token."""
    for field in ("sub", "sid"):
        text = victim.forger.claims[field]
        for spelling in (text.upper(), f"{{{text}}}", f"urn:uuid:{text}", text.replace("-", "")):
            await victim.refuses(victim.forger.signed(claims={field: spelling}))


async def test_a12_deleted_and_disabled_people(service: Service) -> None:
    """A-12: unexpired tokens of somebody who is deleted or disabled."""
    _, deleted = await service.signed_in()
    assert (await deleted.delete("/auth/me")).status_code == 204
    person, disabled = await service.signed_in()
    await service.disable(person)
    for client in (deleted, disabled):
        assert problem(await client.get("/auth/me")) == (401, "session_revoked")
        assert problem(await client.post("/auth/refresh"))[0] == 401


@pytest.mark.parametrize("end", ["logout", "logout-all", "password", "revoked", "others"])
async def test_a13_token_after_its_session_ended(service: Service, end: str) -> None:
    """A-13: an unexpired token is worth nothing from the moment its session ended, however it ended."""
    person, client = await service.signed_in()
    _, other = await service.signed_in(person)
    change = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    ended = {
        "logout": lambda: client.post("/auth/logout"),
        "logout-all": lambda: other.post("/auth/logout-all"),
        "password": lambda: other.post("/auth/password/change", change),
        "revoked": lambda: other.delete(f"/auth/sessions/{client.session_id}"),
        "others": lambda: other.delete("/auth/sessions"),
    }
    assert await client.is_signed_in()
    assert (await ended[end]()).status_code in (200, 204)
    refused = await client.get("/auth/me")
    assert problem(refused) == (401, "session_revoked")
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    forger = await Forger.of(service, client)
    anew = await service.http().get("/auth/me", headers={"authorization": f"Bearer {forger.signed()}"})
    assert problem(anew) == (401, "session_revoked")


async def test_a15_token_in_another_place(victim: Victim) -> None:
    """A-15: a token in the query, the body, a cookie or another header is not looked at."""
    token, client = victim.forger.token, victim.service.http()
    assert problem(await client.get("/auth/me", params={"access_token": token})) == INVALID
    cookies = {"cookie": f"access_token={token}; authorization=Bearer {token}"}
    assert problem(await client.get("/auth/me", headers=cookies)) == INVALID
    assert problem(await client.get("/auth/me", headers={"x-access-token": token})) == INVALID
    body = {"content": f"access_token={token}", "headers": {"content-type": "application/x-www-form-urlencoded"}}
    assert problem(await client.request("GET", "/auth/me", **body)) == INVALID  # type: ignore[arg-type]
    assert problem(await client.post("/auth/logout-all", json={"access_token": token})) == INVALID
