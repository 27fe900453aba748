"""Sealing: opens for the same context under a key of the ring, and for nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_auth.core.secretbox import CannotOpen, SecretBox

OLD, NEW = "o" * 43, "n" * 43
box = SecretBox((OLD,))


@given(st.binary(max_size=200), st.text(max_size=50))
def test_opens_what_it_sealed(plaintext: bytes, context: str) -> None:
    """Two seals of the same value differ, and both open."""
    sealed, again = box.seal(plaintext, context=context), box.seal(plaintext, context=context)
    assert sealed != again
    assert box.open(sealed, context=context) == box.open(again, context=context) == plaintext


@given(st.binary(max_size=50), st.integers(min_value=0), st.integers(1, 255))
def test_any_changed_byte_is_refused(plaintext: bytes, place: int, change: int) -> None:
    """Version, key id, nonce, ciphertext and tag are all authenticated."""
    sealed = bytearray(box.seal(plaintext, context="a"))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(CannotOpen):
        box.open(bytes(sealed), context="a")


@given(st.binary(max_size=64))
def test_garbage_is_refused(sealed: bytes) -> None:
    """Nothing short or foreign makes it stumble."""
    with pytest.raises(CannotOpen):
        box.open(sealed, context="a")


def test_moved_to_another_place() -> None:
    """A value copied to another row does not open there."""
    sealed = box.seal(b"secret", context="signing_key:a")
    with pytest.raises(CannotOpen):
        box.open(sealed, context="signing_key:b")


def test_rotated_keys() -> None:
    """The newest key seals; older ones open while they are in the ring."""
    sealed = box.seal(b"secret", context="a")
    both, only = SecretBox((NEW, OLD)), SecretBox((NEW,))
    assert both.open(sealed, context="a") == b"secret"
    assert only.open(both.seal(b"secret", context="a"), context="a") == b"secret"
    with pytest.raises(CannotOpen, match="not configured"):
        only.open(sealed, context="a")


def test_no_key_at_all() -> None:
    """An empty ring is a mistake that is told at once."""
    with pytest.raises(ValueError, match="at least one"):
        SecretBox(())
