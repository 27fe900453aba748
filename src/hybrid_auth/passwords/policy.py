"""Which passwords are accepted (NIST SP 800-63B-4 §3.1.1.2, ASVS 5.0 §6.2): by length and guessability only."""

import re
import runpy
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from zxcvbn_rs_py import zxcvbn

from hybrid_auth.core.errors import FieldError, PasswordRejected, ValidationFailed

MIN_LENGTH_FLOOR = 8
"""Code points below which no setting may go (ASVS 5.0 §6.2.1)."""

_RAW_LIMIT = 4096
_JUDGED = 100
_JUDGED_IF_COSTLY = 32
_LEET = frozenset("4@8({[<369&#!1/|0$5+7%2")
_LEET_VARIETY = 8
_SHORTEST_OWN_WORD = 3
_DETAILS = {
    "too_short": "Use at least {min_length} characters. A few words in a row are easy to remember.",
    "too_long": "Use at most {max_length} characters.",
    "common": "This is one of the passwords that are tried first. Choose another one.",
    "personal": "This is made of your name, your address or the name of this service. Choose something else.",
    "guessable": "This is too easy to guess. Add a few more words that do not belong together.",
}


def normalise(password: str) -> str:
    """NFC, the one change made to a password before it is judged, hashed or verified.

    Text of more than 4,096 code points is left alone, since normalising it costs time in the square of its length;
    NFC shortens at most to a quarter, so such a text is no password of up to 1,024 code points in either form.
    """
    return unicodedata.normalize("NFC", password) if len(password) <= _RAW_LIMIT else password


def check_password(
    password: str,
    *,
    min_length: int,
    context: Sequence[str],
    max_length: int = 256,
    min_score: int = 3,
) -> None:
    """Accept a new password or raise PasswordRejected, whose `reason` says why.

    Lengths are code points after NFC: an emoji that is one code point counts once. `context` is what an attacker
    knows: app name, host, email address, display name. There are no composition rules: 15 lower-case letters pass
    unless they are guessable, and 15 times the same emoji do not, being a repetition. Lone surrogates are no text and
    cannot be encoded: ValidationFailed. Takes up to about 60 ms of CPU, with the GIL held.
    """
    if any("\ud800" <= character <= "\udfff" for character in password):
        raise ValidationFailed([FieldError(field="password", message="This is not valid Unicode text.")])
    text = normalise(password)
    reason = None
    if len(text) < max(min_length, MIN_LENGTH_FLOOR):
        reason = "too_short"
    elif len(text) > max_length:
        reason = "too_long"
    elif _is_common(text):
        reason = "common"
    elif _is_personal(text, own_words := _own_words(context)):
        reason = "personal"
    elif _score(text, own_words) < min_score:
        reason = "guessable"
    if reason:
        limits = {"min_length": max(min_length, MIN_LENGTH_FLOOR), "max_length": max_length}
        raise PasswordRejected(reason, _DETAILS[reason].format(**limits))


@cache
def common_passwords() -> frozenset[str]:
    """The 30,000 most common passwords, lower-case, from the data of the `zxcvbn` wheel.

    Only its data file is run, once, when first asked for: importing the package would build every dictionary it has.
    """
    package = find_spec("zxcvbn")
    folders = (package.submodule_search_locations if package else None) or []
    lists = runpy.run_path(str(Path(next(iter(folders))) / "frequency_lists.py"))
    return frozenset(word.lower() for word in lists["FREQUENCY_LISTS"]["passwords"])


def _is_common(text: str) -> bool:
    """Whether it is a common password, or one written again and again until it is long enough."""
    lowered = text.lower()
    common = common_passwords()
    return lowered in common or any(
        lowered[:length] in common and (lowered[:length] * (len(lowered) // length + 1)).startswith(lowered)
        for length in range(1, len(lowered) // 2 + 1)
    )


def _own_words(context: Iterable[str]) -> list[str]:
    """Letters and digits of each text as a whole and of each of its parts, longest first."""
    words = set()
    for text in context:
        parts = re.findall(r"[^\W_]+", normalise(text[:_RAW_LIMIT]).casefold())
        words |= {"".join(parts), *parts}
        local, at, _ = text.rpartition("@")
        if at:
            words.add("".join(re.findall(r"[^\W_]+", normalise(local[:_RAW_LIMIT]).casefold())))
    return sorted((word for word in words if len(word) >= _SHORTEST_OWN_WORD), key=lambda word: (-len(word), word))


def _is_personal(text: str, own_words: Sequence[str]) -> bool:
    """Whether own words make up half or more of its letters and digits, in any case and with anything between them."""
    letters = "".join(re.findall(r"[^\W_]+", text.casefold()))
    rest = letters
    for word in own_words:
        rest = rest.replace(word, "\0")
    return bool(letters) and len(rest.replace("\0", "")) * 2 <= len(letters)


def _score(text: str, own_words: Sequence[str]) -> int:
    """zxcvbn's score, 0 to 4, of the first 100 code points.

    Threat: the search for "l33t" spellings takes 0.6 s, with the GIL held, on 100 code points made of many different
    such symbols. Of those the first 32 are judged; a beginning never scores higher than the whole.
    """
    judged = text[:_JUDGED]
    if len(_LEET.intersection(judged)) > _LEET_VARIETY:
        judged = judged[:_JUDGED_IF_COSTLY]
    return int(zxcvbn(judged, list(own_words)).score)
