"""Which passwords are accepted: length, block list, own words, guessability, nothing else."""

import string
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_auth.core.errors import PasswordRejected, ValidationFailed
from hybrid_auth.passwords.policy import check_password, common_passwords, normalise

CONTEXT = ("Hybrid Auth", "id.example.com", "mary.smith@example.com", "Mary Ann Smith")
EMOJI = "🍎🚲🌧🎻🐢📚🧲🪁🥁🧀🦉🧭🪴🎲🚀"


def verdict(password: str, *, min_length: int = 15) -> str:
    """The reason of the refusal, or "accepted"."""
    try:
        check_password(password, min_length=min_length, context=CONTEXT)
    except PasswordRejected as error:
        return error.reason
    return "accepted"


def test_refusal_says_what_to_do_and_not_what_was_typed() -> None:
    """The error has the contract's code, the limits, and never the password."""
    with pytest.raises(PasswordRejected) as caught:
        check_password("hunter2", min_length=15, context=CONTEXT)
    assert (caught.value.code, caught.value.reason) == ("password_rejected", "too_short")
    assert "15" in caught.value.detail
    assert "hunter2" not in caught.value.detail


@pytest.mark.parametrize(
    "password",
    [
        "qwxzpvmtrblkjhg",
        "correct horse battery staple",
        "i like mary a lot on rainy fridays",
        "582031749650273",
        "   leading and trailing   ",
        "mon chat dort sous la table",
        "비밀번호는 아주 길고 기억하기 쉽게",
        EMOJI,
        "z" * 40 + " and then something quite else",
    ],
)
def test_no_composition_is_asked_for(password: str) -> None:
    """ASVS 6.2.5: letters alone, digits alone, spaces and emoji are all fine when hard to guess."""
    assert verdict(password) == "accepted"


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("qwxzpvmtrblkjh", "too_short"),
        (EMOJI[:14], "too_short"),
        ("password123", "too_short"),
        ("correct horse " * 19, "too_long"),
        ("123456789987654321", "common"),
        ("1QAZ2WSX3EDC4RFV", "common"),
        ("passwordpassword", "common"),
        ("PasswordPasswordPass", "common"),
        ("hybrid-auth-2026!", "personal"),
        ("HYBRID AUTH hybrid auth", "personal"),
        ("mary.smith@example.com", "personal"),
        ("MarySmith12345678", "personal"),
        ("s m i t h mary smith 1", "personal"),
        ("example.com hunter", "personal"),
        ("qwertyuiopasdfghjkl", "guessable"),
        ("iloveyouverymuch", "guessable"),
        ("aaaaaaaaaaaaaaaaaaa", "guessable"),
        (EMOJI[0] * 15, "guessable"),
        ("abcdefghijklmnopqrstuvwxyz", "guessable"),
    ],
)
def test_refusal_has_its_reason(password: str, reason: str) -> None:
    """Each kind of refusal is told by its name."""
    assert verdict(password) == reason


def test_three_thousand_common_passwords_are_refused_at_the_lowest_length() -> None:
    """ASVS 6.2.4: with the floor of 8 every listed password that is long enough is refused."""
    listed = [word for word in common_passwords() if len(word) >= 8]
    assert len(listed) >= 3000
    assert {verdict(word, min_length=8) for word in sorted(listed)[::37]} == {"common"}


def test_no_setting_goes_below_eight() -> None:
    """A lower minimum than 8 counts as 8."""
    assert verdict("xq7vTzp", min_length=1) == "too_short"
    assert verdict("xq7vTzp0w", min_length=1) == "accepted"


def test_length_is_counted_after_nfc() -> None:
    """15 letters with accents are 15 in either form."""
    composed = "éàüñçöâêîôûäëïø"
    assert verdict(composed) == verdict(unicodedata.normalize("NFD", composed)) == "accepted"
    assert verdict(unicodedata.normalize("NFD", composed[:14])) == "too_short"


@pytest.mark.parametrize("length", [64, 128, 256, 257])
def test_long_passwords_are_accepted_up_to_256(length: int) -> None:
    """ASVS 6.2.9: at least 64 are possible; the maximum is told, not cut."""
    password = ("correct horse battery staple " * 10)[:length]
    assert verdict(password) == ("accepted" if length <= 256 else "too_long")


def test_lone_surrogate_is_no_text() -> None:
    """What cannot be encoded is a validation error, not a refusal of its strength."""
    with pytest.raises(ValidationFailed):
        check_password("correct horse \ud800 battery", min_length=15, context=())


def test_short_own_words_do_not_spoil_good_passwords() -> None:
    """An address of one letter refuses nothing, and odd display names do no harm."""
    check_password("correct horse battery staple", min_length=15, context=("a@b.c", "", "\ud800", "🙂", "-", " "))


def test_combining_marks_and_leet_cannot_stall_the_loop() -> None:
    """Threat: text made to be slow. 60,000 marks and 100 mixed symbols are judged in well under a second."""
    start = time.process_time()
    assert verdict("a" + "\u0301\u0323" * 30_000) == "too_long"
    normalise("a" + "\u0301\u0323" * 30_000)
    verdict("4@8({[<369&#!1/|0$5+7%2" * 5)
    assert time.process_time() - start < 0.5


@given(st.text(string.ascii_lowercase, min_size=15, max_size=15).filter(lambda text: len(set(text)) > 11))
def test_varied_letters_are_never_too_short_or_too_long(password: str) -> None:
    """15 lower-case letters are judged by guessability alone."""
    assert verdict(password) in {"accepted", "guessable", "personal"}


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_is_accepted_or_refused(password: str, context: list[str]) -> None:
    """No text and no context end in another error."""
    try:
        check_password(password, min_length=8, context=context)
    except (PasswordRejected, ValidationFailed):
        return
    assert 8 <= len(unicodedata.normalize("NFC", password)) <= 256
