"""The walk over CBOR agrees with a decoder on what is whole, and refuses what authenticators must not send."""

from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hybrid_auth.passkeys.cbor import end_of_item, walk_authenticator_data, walk_item

KEYS = some.integers(-(2**64), 2**64 - 1) | some.text(max_size=30)
LEAVES = KEYS | some.binary(max_size=300) | some.booleans() | some.none() | some.floats(allow_nan=False)


def _nested(depth: int) -> some.SearchStrategy[Any]:
    if depth == 0:
        return LEAVES
    inner = _nested(depth - 1)
    return inner | some.lists(inner, max_size=4) | some.dictionaries(KEYS, inner, max_size=4)


@settings(deadline=None)
@given(_nested(4))
def test_whole_items_are_walked_to_their_end(value: object) -> None:
    """Of any kind, four deep."""
    data = cbor2.dumps(value)
    walk_item(data)
    assert end_of_item(b"\x00" + data + b"\x00", 1) == len(data) + 1
    for cut in {0, len(data) // 2, len(data) - 1}:
        with pytest.raises(ValueError, match="cut off"):
            walk_item(data[:cut])
    with pytest.raises(ValueError, match="bytes after it"):
        walk_item(data + b"\x00")


@settings(deadline=None)
@given(some.binary(max_size=200))
def test_any_bytes_are_decided_on(data: bytes) -> None:
    """By ValueError or by the end of an item, which lies within the bytes."""
    try:
        end = end_of_item(data, 0)
    except ValueError:
        return
    assert 0 < end <= len(data)
    walk_item(data[:end])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xc0\x60", "tagged"),
        (b"\x81\xd8\x23\x60", "tagged"),
        (b"\x5f\x40\xff", "indefinite"),
        (b"\x9f\xff", "indefinite"),
        (b"\xbf\xff", "indefinite"),
        (b"\x1c", "reserved"),
        (b"\xff", "indefinite"),
        (b"\x81" * 5 + b"\x00", "deep"),
        (b"\xa1\x00" * 5 + b"\x00", "deep"),
        (b"\x9b" + b"\xff" * 8, "cut off"),
        (b"\x5b" + b"\xff" * 8, "cut off"),
        (b"\x19\x00", "cut off"),
    ],
)
def test_what_authenticators_must_not_send(data: bytes, why: str) -> None:
    """CTAP 2.2 §8: no tags, no indefinite lengths, no more than four levels."""
    with pytest.raises(ValueError, match=why):
        walk_item(data)


def test_authenticator_data_is_what_its_flags_say() -> None:
    """§6.1: a key and extensions where they are announced, and nothing after."""
    head, key = bytes(32), bytes(16) + b"\x00\x02ab" + b"\xa0"
    count = bytes(4)
    walk_authenticator_data(head + b"\x00" + count)
    walk_authenticator_data(head + b"\x40" + count + key)
    walk_authenticator_data(head + b"\x80" + count + b"\xa0")
    walk_authenticator_data(head + b"\xc0" + count + key + b"\xa0")
    for wrong in (
        head + b"\x00" + count[:3],
        head + b"\x00" + count + b"\x00",
        head + b"\x40" + count,
        head + b"\x40" + count + key[:-1],
        head + b"\x80" + count + key,
        head + b"\xc0" + count + key,
    ):
        with pytest.raises(ValueError, match=r"cut off|bytes after it"):
            walk_authenticator_data(wrong)
