"""Refresh tokens as text: what this server wrote is read, anything else is nothing."""

from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st

from hybrid_auth.core.tokens import encode_base64url, token_digest
from hybrid_auth.sessions.refresh_tokens import MAX_GENERATION, RefreshToken, RefreshTokens

KEY, OTHER = "k" * 43, "o" * 43
ours = RefreshTokens((KEY,))
tokens = st.builds(
    RefreshToken,
    user_id=st.uuids(),
    session_id=st.uuids(),
    generation=st.integers(0, MAX_GENERATION - 1),
    salt=st.binary(min_size=32, max_size=32).map(encode_base64url),
)


@given(tokens)
def test_what_is_written_is_read(token: RefreshToken) -> None:
    """Reading gives back exactly what was written, and the stores keep a digest of the salt only."""
    text = ours.write(token)
    assert ours.read(text) == token
    assert token.salt_digest == token_digest(token.salt)
    assert len(text) < 200


@given(tokens, st.integers(min_value=0), st.characters(max_codepoint=0x2FF))
def test_any_other_character_anywhere_is_refused(token: RefreshToken, place: int, character: str) -> None:
    """No single character can be another one."""
    text = ours.write(token)
    place %= len(text)
    assume(text[place] != character)
    assert ours.read(text[:place] + character + text[place + 1 :]) is None


@given(tokens, st.integers(min_value=0), st.text(min_size=1, max_size=3))
def test_nothing_may_be_added_or_left_out(token: RefreshToken, place: int, more: str) -> None:
    """One token has one spelling."""
    text = ours.write(token)
    place %= len(text)
    assert ours.read(text[:place] + text[place + 1 :]) is None
    assert ours.read(text[:place] + more + text[place:]) is None
    assert ours.read(text + more) is None


@given(st.text(max_size=300))
def test_garbage_is_nothing(text: str) -> None:
    """No text makes it stumble."""
    assert ours.read(text) is None


@given(tokens)
def test_parts_cannot_be_recombined(token: RefreshToken) -> None:
    """A mac belongs to its person, session, generation and salt together."""
    parts = ours.write(token).split(".")
    foreign = ours.write(ours.first(user_id=UUID(int=1), session_id=UUID(int=2))).split(".")
    for index in range(4):
        mixed = [*parts]
        mixed[index] = foreign[index]
        assert mixed == parts or ours.read(".".join(mixed)) is None


@given(tokens)
def test_rotated_keys(token: RefreshToken) -> None:
    """A token of an older key is read while the ring has that key; the newest writes; a foreign key's is nothing."""
    before, during, after = ours, RefreshTokens((OTHER, KEY)), RefreshTokens((OTHER,))
    text = before.write(token)
    assert during.read(text) == token
    assert after.read(text) is None
    assert after.read(during.write(token)) == token
    assert before.read(during.write(token)) is None


@given(tokens)
def test_successor(token: RefreshToken) -> None:
    """The successor is a pure function of the token: the same session and salt, the next generation."""
    assume(token.generation < MAX_GENERATION - 1)
    successor = token.successor()
    assert successor == token.successor()
    assert (successor.generation, successor.salt) == (token.generation + 1, token.salt)
    assert ours.read(ours.write(successor)) == successor


def test_generations_end() -> None:
    """A generation beyond the last one, or written with leading zeros, is nothing."""
    token = ours.first(user_id=UUID(int=1), session_id=UUID(int=2))
    last = RefreshToken(user_id=token.user_id, session_id=token.session_id, generation=MAX_GENERATION, salt=token.salt)
    assert ours.read(ours.write(last)) is None
    assert ours.read(ours.write(token).replace(".0.", ".00.")) is None


def test_sessions_have_salts_of_their_own() -> None:
    """Two sessions never share a salt, so one person's stolen record says nothing of another's."""
    salts = {ours.first(user_id=UUID(int=1), session_id=UUID(int=2)).salt for _ in range(100)}
    assert len(salts) == 100
