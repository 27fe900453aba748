"""What a one-time code is, against the vectors of the RFCs."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_auth.totp.codes import HINT_WINDOW, Algorithm, base32, clean_code, code_at, matching_step, step_at

SECRET = b"12345678901234567890"
SEEDS: dict[Algorithm, bytes] = {"SHA1": SECRET, "SHA256": (SECRET * 2)[:32], "SHA512": (SECRET * 4)[:64]}
"""RFC 6238 errata 2866: each hash has a seed of its own length."""

HOTP = ("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489")
TOTP = [
    (59, 0x1, ("94287082", "46119246", "90693936")),
    (1111111109, 0x23523EC, ("07081804", "68084774", "25091201")),
    (1111111111, 0x23523ED, ("14050471", "67062674", "99943326")),
    (1234567890, 0x273EF07, ("89005924", "91819424", "93441116")),
    (2000000000, 0x3F940AA, ("69279037", "90698825", "38618901")),
    (20000000000, 0x27BC86AA, ("65353130", "77737706", "47863826")),
]
"""The last is in the year 2603: a step is no 32-bit number."""


@pytest.mark.parametrize(("counter", "code"), list(enumerate(HOTP)))
def test_rfc_4226_appendix_d(counter: int, code: str) -> None:
    assert code_at(SECRET, counter) == code


@pytest.mark.parametrize(("seconds", "step", "codes"), TOTP)
def test_rfc_6238_appendix_b(seconds: int, step: int, codes: tuple[str, ...]) -> None:
    """Eight digits and three hashes there; six of SHA-1 here, whose leading zeros stay."""
    assert step_at(datetime.fromtimestamp(seconds, UTC)) == step
    for (algorithm, seed), code in zip(SEEDS.items(), codes, strict=True):
        assert code_at(seed, step, digits=8, algorithm=algorithm) == code
    assert code_at(SECRET, step) == codes[0][2:]


def test_a_step_lasts_thirty_seconds() -> None:
    """From T0 = 0; parts of a second do not count."""
    assert [step_at(datetime.fromtimestamp(s, UTC)) for s in (0, 29.999, 30, 59.999, 60)] == [0, 0, 1, 1, 2]


def test_a_secret_is_shown_in_32_characters() -> None:
    """RFC 4648 §6; some apps refuse the padding."""
    assert base32(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert base32(b"1") == "GE"


@pytest.mark.parametrize(
    "text", ["005924", "005 924", " 005-924 ", "0 0 5 9 2 4", "005\u00a0924", "005924\n", "005--924"]
)
def test_spacing_does_not_count(text: str) -> None:
    """Apps show a code in groups, and people copy more than it."""
    assert clean_code(text) == "005924"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "      ",
        "5924",
        "05924",
        "0005924",
        "005924005924",
        "+05924",
        "-5924",
        "5.924e",
        "0x5924",
        "00592a",
        "٠٠٥٩٢٤",
        "\uff100\uff15924",
        "005924\0",
        "0059\u200b24",
        "005_924",
        "005,924",
        "²²²²²²",
        "\ud80005924",
    ],
)
def test_nothing_else_is_a_code(text: str) -> None:
    """A-21: digits of another script, signs, other lengths."""
    assert clean_code(text) is None


@given(st.text())
def test_any_text_is_six_ascii_digits_or_nothing(text: str) -> None:
    code = clean_code(text)
    assert code is None or (len(code) == 6 and set(code) <= set("0123456789"))


@given(st.integers(HINT_WINDOW, 2**40), st.integers(-HINT_WINDOW, HINT_WINDOW))
def test_a_code_is_found_within_five_minutes(around: int, offset: int) -> None:
    """At its own step, unless a nearer one has the same code."""
    code = code_at(SECRET, around + offset)
    found = matching_step(SECRET, code, around=around)
    assert found is not None
    assert code_at(SECRET, found) == code
    assert abs(found - around) <= abs(offset)


@pytest.mark.parametrize("offset", [-HINT_WINDOW - 1, HINT_WINDOW + 1])
def test_a_code_of_a_farther_moment_is_not_found(offset: int) -> None:
    around = 0x23523EC
    near = {code_at(SECRET, around + near) for near in range(-HINT_WINDOW, HINT_WINDOW + 1)}
    assert code_at(SECRET, around + offset) not in near
    assert matching_step(SECRET, code_at(SECRET, around + offset), around=around) is None


def test_of_two_steps_with_one_code_the_nearest_is_meant() -> None:
    """Six digits repeat; a code in force must not be taken for one of a clock that runs wrong."""
    first, second = 1_821_111, 1_821_114
    code = code_at(SECRET, first)
    assert code == code_at(SECRET, second)
    assert matching_step(SECRET, code, around=first) == matching_step(SECRET, code, around=first + 1) == first
    assert matching_step(SECRET, code, around=second) == matching_step(SECRET, code, around=second - 1) == second
