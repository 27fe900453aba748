"""What a recovery code is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_auth.recovery_codes.codes import clean_code, grouped, new_code

CODE = "ABCDEFGHIJKLMNOPQRSTUVWX"


def test_120_bits_in_groups_of_four() -> None:
    """24 characters of RFC 4648's base32 alphabet, and no two codes the same; every character takes every value."""
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(re.fullmatch(r"[A-Z2-7]{24}", code) for code in codes)
    for place in range(24):
        assert len({code[place] for code in codes}) == 32
    assert grouped(CODE) == "ABCD-EFGH-IJKL-MNOP-QRST-UVWX"


SPELLINGS = [
    "ABCD-EFGH-IJKL-MNOP-QRST-UVWX",
    "abcd-efgh-ijkl-mnop-qrst-uvwx",
    "AbCd EfGh IjKl MnOp QrSt UvWx",
    " abcdefghijklmnopqrstuvwx\n",
    "ABCD--EFGH - IJKLMNOP\tQRST\u00a0UVWX",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_case_spaces_and_dashes_do_not_count(text: str) -> None:
    assert clean_code(text) == CODE


NOT_CODES = [
    "",
    "-" * 24,
    CODE[1:],
    CODE + "A",
    CODE * 2,
    CODE[:-1] + "0",
    CODE[:-1] + "1",
    CODE[:-1] + "8",
    CODE[:-1] + "=",
    CODE[:-1] + "Ä",
    CODE[:-1] + "\u017f",
    CODE[:-1] + "\u0131",
    CODE[:-1] + "\0",
    CODE[:-1] + "\ud800",
    CODE[:-1].replace("A", "\uff21") + "A",
    "ABCD_EFGH_IJKL_MNOP_QRST_UVWX",
]
"""Among them letters that become ASCII ones in upper case (long s, dotless i): another spelling nobody was given."""


@pytest.mark.parametrize("text", NOT_CODES)
def test_nothing_else_is_a_code(text: str) -> None:
    assert clean_code(text) is None


@given(st.text())
def test_any_text_is_a_code_or_nothing(text: str) -> None:
    code = clean_code(text)
    assert code is None or re.fullmatch(r"[A-Z2-7]{24}", code, re.ASCII)


def test_what_is_made_is_read() -> None:
    """In the form it is shown in."""
    code = new_code()
    assert clean_code(grouped(code)) == clean_code(grouped(code).lower()) == code
