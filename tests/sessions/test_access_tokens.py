"""Access tokens as text: only our own signature over the claims we require, within their time."""

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from hypothesis import assume, given
from hypothesis import strategies as st

from hybrid_auth.core.errors import InvalidToken
from hybrid_auth.sessions.access_tokens import CLOCK_SKEW, AccessTokens, SigningKey
from tests.support.service import FixedClock

ISSUER, AUDIENCE = "https://id.example.org", "https://api.example.org"
KEY = SigningKey("first", generate_private_key(SECP256R1()))
clock = FixedClock()


def service(*keys: SigningKey) -> AccessTokens:
    tokens = AccessTokens(issuer=ISSUER, audience=AUDIENCE, ttl=timedelta(minutes=5), clock=clock)
    tokens.use_keys(keys or (KEY,))
    return tokens


ours = service()


def issue(tokens: AccessTokens = ours, *, lives: timedelta = timedelta(days=1)) -> str:
    return tokens.issue(
        user_id=uuid4(),
        session_id=uuid4(),
        authenticated_at=clock.now(),
        amr=("pwd",),
        aal=1,
        roles=("admin",),
        deadline=clock.now() + lives,
    )[0]


def claims() -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(issue(), options={"verify_signature": False})
    return decoded


def signed(body: dict[str, Any], *, key: Any = KEY.private, algorithm: str = "ES256", **header: Any) -> str:
    return jwt.encode(body, key, algorithm, headers={"typ": "at+jwt", "kid": "first", **header})


def refused(token: str, tokens: AccessTokens = ours) -> bool:
    try:
        tokens.verify(token)
    except InvalidToken:
        return True
    return False


def test_our_own() -> None:
    """What was issued is taken, and says whom and which session it is for."""
    token = issue()
    found, said = ours.verify(token), jwt.decode(token, options={"verify_signature": False})
    assert (str(found.user_id), str(found.session_id)) == (said["sub"], said["sid"])
    assert found.expires_at - found.issued_at == 300
    assert jwt.get_unverified_header(token) == {"typ": "at+jwt", "alg": "ES256", "kid": "first"}
    assert not refused(signed(claims()))


@given(st.integers(min_value=0), st.characters(max_codepoint=0x2FF))
def test_any_other_character_anywhere_is_refused(place: int, character: str) -> None:
    """No single character can be another one, the last ones of the signature included."""
    token = issue()
    place %= len(token)
    assume(token[place] != character)
    assert refused(token[:place] + character + token[place + 1 :])


@given(st.text(max_size=200))
def test_garbage_is_refused(text: str) -> None:
    """No text makes it stumble."""
    assert refused(text)
    assert refused(f"{text}.{text}.{text}")


@pytest.mark.parametrize("name", sorted(claims()))
def test_every_claim_is_required(name: str) -> None:
    """A token of ours that lacks one claim is none."""
    body = claims()
    del body[name]
    assert refused(signed(body))


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://id.example.org/"},
        {"iss": [ISSUER]},
        {"aud": [AUDIENCE]},
        {"aud": "https://id.example.org"},
        {"exp": "9999999999"},
        {"exp": 9999999999.5},
        {"exp": True},
        {"iat": "0"},
        {"iat": None},
        {"nbf": 0},
        {"sub": "someone"},
        {"sub": str(uuid4()).upper()},
        {"sub": "{" + str(uuid4()) + "}"},
        {"sub": 7},
        {"sid": uuid4().hex},
        {"sid": None},
        {"jti": 7},
    ],
    ids=str,
)
def test_strict_claims(change: dict[str, Any]) -> None:
    """Each claim has one type and one spelling."""
    assert refused(_by_hand({**claims(), **change}))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"kid": "second"},
        {"kid": None},
        {"kid": ["first"]},
        {"jku": "https://evil.example"},
        {"jwk": KEY.public_jwk},
        {"crit": ["exp"]},
        {"b64": True},
    ],
    ids=str,
)
def test_strict_header(header: dict[str, Any]) -> None:
    """Only our own three fields, and only a key we hold."""
    assert refused(_by_hand(claims(), **header))


def test_types_of_the_profile() -> None:
    """Both spellings of the media type, in any case (RFC 9068 §4)."""
    for typ in ("at+jwt", "AT+JWT", "application/at+jwt"):
        assert not refused(signed(claims(), typ=typ))


def test_other_algorithms() -> None:
    """Neither no signature, nor our public key taken for a shared secret, nor another curve."""
    public = json.dumps(KEY.public_jwk)
    assert refused(signed(claims(), key=None, algorithm="none"))
    assert refused(signed(claims(), key=public * 2, algorithm="HS256"))
    assert refused(signed(claims(), key=generate_private_key(SECP384R1()), algorithm="ES384"))
    assert refused(signed(claims(), key=generate_private_key(SECP256R1())))
    with pytest.raises(ValueError, match="not on P-256"):
        service(SigningKey("wide", generate_private_key(SECP384R1())))


def test_time() -> None:
    """Good until the second before `exp`; a little ahead of our clock at most; never longer than the session."""
    now = int(clock.now().timestamp())
    assert refused(signed({**claims(), "exp": now}))
    assert not refused(signed({**claims(), "exp": now + 1}))
    assert refused(signed({**claims(), "iat": now + CLOCK_SKEW + 1, "exp": now + 600}))
    assert not refused(signed({**claims(), "iat": now + CLOCK_SKEW, "exp": now + 600}))
    short = ours.verify(issue(lives=timedelta(seconds=10)))
    assert short.expires_at - short.issued_at <= 10


def test_rotated_keys() -> None:
    """The first key signs, all verify; a key that was taken out verifies nothing any more."""
    newer = SigningKey("second", generate_private_key(SECP256R1()))
    old = issue()
    both, only = service(newer, KEY), service(newer)
    assert not refused(old, both)
    assert refused(old, only)
    assert jwt.get_unverified_header(issue(both))["kid"] == "second"
    keys = both.jwks["keys"]
    assert isinstance(keys, list)
    assert [key["kid"] for key in keys] == ["second", "first"]
    assert all(key.keys() == {"kty", "crv", "use", "alg", "kid", "x", "y"} for key in keys)


def test_too_long() -> None:
    """Nothing is parsed that no token of ours can be as long as."""
    assert refused(signed({**claims(), "roles": ["x" * 4096]}))


def test_nothing_is_signed_without_keys() -> None:
    """Before the keys are loaded there are no tokens."""
    with pytest.raises(RuntimeError, match="no signing key"):
        issue(AccessTokens(issuer=ISSUER, audience=AUDIENCE, ttl=timedelta(minutes=5), clock=clock))


def _by_hand(body: dict[str, Any], **header: Any) -> str:
    """A token with a right signature that no library would agree to write."""

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    signing_input = f"{part({'typ': 'at+jwt', 'alg': 'ES256', 'kid': 'first', **header})}.{part(body)}"
    signature = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(signing_input.encode(), KEY.private)
    return f"{signing_input}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
