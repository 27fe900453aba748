"""Argon2id: the same work whoever asks, bounded, and never a crash for what is stored."""

import asyncio
import threading
import unicodedata
from collections.abc import Iterator

import pytest

from hybrid_auth.core.config import Argon2Profile
from hybrid_auth.core.errors import HashingCapacityExceeded
from hybrid_auth.passwords.hashing import PasswordHasher, Verdict

CHEAP = Argon2Profile(time_cost=3, memory_kib=12288, parallelism=1)
pytestmark = pytest.mark.asyncio


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    """A hasher with the cheapest profile that is allowed."""
    hasher = PasswordHasher(CHEAP, workers=2, queue=8)
    yield hasher
    hasher.close()


async def test_right_password_verifies_and_a_changed_one_does_not(hasher: PasswordHasher) -> None:
    """ASVS 6.2.8: no truncation, no case folding, no trimming, and U+0000 does not end it."""
    password = "x" * 80 + " Ünïcode\0tail"
    encoded = await hasher.hash(password)
    assert encoded.startswith("$argon2id$v=19$m=12288,t=3,p=1$")
    assert await hasher.verify(encoded, password) == Verdict(ok=True, needs_rehash=False)
    for other in (
        password[:72],
        password + "x",
        password.swapcase(),
        f" {password}",
        f"{password} ",
        password[:-1],
        "",
    ):
        assert not (await hasher.verify(encoded, other)).ok


async def test_composed_and_decomposed_text_are_the_same_password(hasher: PasswordHasher) -> None:
    """NFC, not NFKC: é equals e + accent, a ligature is not its letters."""
    encoded = await hasher.hash("café ﬁance passw")
    assert (await hasher.verify(encoded, unicodedata.normalize("NFD", "café ﬁance passw"))).ok
    assert not (await hasher.verify(encoded, unicodedata.normalize("NFKC", "café ﬁance passw"))).ok


async def test_same_password_has_two_hashes(hasher: PasswordHasher) -> None:
    """Each hash has its own 16 bytes of salt and 32 of output."""
    first, second = await asyncio.gather(hasher.hash("same"), hasher.hash("same"))
    assert first != second
    assert [len(part) for part in first.split("$")[-2:]] == [22, 43]


async def test_every_call_is_one_evaluation(hasher: PasswordHasher) -> None:
    """A known account, an unknown one and a broken row cost exactly one computation each."""
    encoded = await hasher.hash("password")
    for stored in (encoded, None, "broken"):
        before = hasher.evaluations
        await hasher.verify(stored, "wrong")
        assert hasher.evaluations == before + 1


async def test_unknown_account_never_verifies(hasher: PasswordHasher) -> None:
    """The dummy hash belongs to no password that anyone can send."""
    for password in ("", "\0" * 32, "dummy"):
        assert await hasher.verify(None, password) == Verdict(ok=False, needs_rehash=False)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "plain",
        "é",
        "\0",
        "$argon2id$v=19$m=12288,t=3,p=1$",
        "$argon2id$v=19$m=12288,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
        "$argon2id$v=19$m=99999999,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43,
        "$argon2id$v=19$m=4194304,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43,
        "$argon2id$v=19$m=0,t=0,p=0$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43,
        "$argon2id$v=19$m=12288,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAB$" + "B" * 43,
        "$argon2i$v=19$m=12288,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43,
        "$2b$12$AAAAAAAAAAAAAAAAAAAAAOAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ],
)
async def test_malformed_hash_is_a_wrong_password(hasher: PasswordHasher, stored: str) -> None:
    """What no Argon2id of sane cost wrote is not right, not an error, and asks for no gigabytes."""
    assert await hasher.verify(stored, "password") == Verdict(ok=False, needs_rehash=False)


async def test_lone_surrogate_is_a_wrong_password(hasher: PasswordHasher) -> None:
    """Text that cannot be encoded is not right, and no error."""
    encoded = await hasher.hash("password")
    assert not (await hasher.verify(encoded, "password\ud800")).ok


async def test_other_parameters_ask_for_a_new_hash(hasher: PasswordHasher) -> None:
    """A right password whose hash has yesterday's cost is to be hashed again; a wrong one is not."""
    newer = PasswordHasher(Argon2Profile(time_cost=4, memory_kib=12288, parallelism=1), workers=1, queue=1)
    encoded = await hasher.hash("password")
    assert await newer.verify(encoded, "password") == Verdict(ok=True, needs_rehash=True)
    assert await newer.verify(encoded, "wrong") == Verdict(ok=False, needs_rehash=False)
    newer.close()


async def test_full_queue_is_told_at_once_and_frees_itself() -> None:
    """One running and one waiting; the third hears 503 and when to come back; later there is room again."""
    hasher = PasswordHasher(CHEAP, workers=1, queue=1)
    accepted = [asyncio.ensure_future(hasher.verify(None, "x")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(HashingCapacityExceeded) as caught:
        await hasher.verify(None, "x")
    assert caught.value.retry_after >= 1
    assert hasher.evaluations == 2
    await asyncio.gather(*accepted)
    await hasher.verify(None, "x")
    hasher.close()


async def test_waiting_one_that_is_cancelled_leaves_its_place() -> None:
    """A client that went away while waiting takes no room; what runs keeps its own."""
    hasher = PasswordHasher(CHEAP, workers=1, queue=1)
    running, waiting = (asyncio.ensure_future(hasher.hash("x")) for _ in range(2))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.gather(running, hasher.hash("y"))
    hasher.close()


async def test_event_loop_stays_free_while_hashing() -> None:
    """Work runs in the hasher's own threads and never in the loop's."""
    hasher = PasswordHasher(Argon2Profile(time_cost=8, memory_kib=47104, parallelism=1), workers=1, queue=1)
    hashing = asyncio.ensure_future(hasher.hash("x"))
    turns = 0
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 10
    assert any(thread.name.startswith("argon2") for thread in threading.enumerate())
    hasher.close()
    assert not any(thread.name.startswith("argon2") for thread in threading.enumerate())


async def test_closed_hasher_is_unavailable(hasher: PasswordHasher) -> None:
    """After `close` a call is refused as 503 is, not as an unknown error."""
    hasher.close()
    with pytest.raises(HashingCapacityExceeded):
        await hasher.hash("x")
