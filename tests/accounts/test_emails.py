"""Email addresses: what is accepted, and when two are the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_auth.accounts.emails import MAX_LENGTH, canonical, canonical_or_none, normalise
from hybrid_auth.core.errors import ValidationFailed


@pytest.mark.parametrize(
    "email",
    [
        "a@example.org",
        "first.last+tag@sub.example.co.uk",
        "o'neil@example.org",
        "用户@例え.jp",
        "a@example.test",
        "a@b",
    ],
)
def test_addresses_that_are_accepted(email: str) -> None:
    """Plain, tagged, international and internal addresses are stored as they are written."""
    assert normalise(email) == email


@pytest.mark.parametrize(
    "email",
    [
        "",
        "a",
        "@example.org",
        "a@",
        "a b@example.org",
        "a@exa mple.org",
        "a..b@example.org",
        ".a@example.org",
        '"a b"@example.org',
        "A <a@example.org>",
        "a@example.org, b@example.org",
        "a@example.org\nBcc: b@example.org",
        "a\0@example.org",
        "a@[127.0.0.1]",
        "a@-example.org",
        "a@example..org",
        f"a@{'b' * 64}.org",
        "a\ud800@example.org",
    ],
)
def test_texts_that_are_no_address(email: str) -> None:
    """Anything else is refused, with the field named, and counts as unknown at a sign-in."""
    with pytest.raises(ValidationFailed) as refused:
        normalise(email)
    assert [error.field for error in refused.value.errors] == ["email"]
    assert canonical_or_none(email) is None


@pytest.mark.parametrize(
    "twins",
    [
        ("kim@example.org", "Kim@Example.ORG", " kim@example.org "),
        ("jörg@example.org", "jo\u0308rg@example.org", "JÖRG@example.org"),
        ("kim@bücher.example", "kim@BÜCHER.example", "kim@xn--bcher-kva.example"),
        ("kim@example.org", "kim@\uff45xample.org"),
    ],
)
def test_spellings_of_one_address(twins: tuple[str, ...]) -> None:
    """Case, Unicode form and the two ways to write a domain make no difference."""
    assert len({canonical(email) for email in twins}) == 1


@pytest.mark.parametrize(
    "others",
    [
        ("kim@faß.de", "kim@fass.de"),
        ("kim@\u03c2\u03c3.gr", "kim@\u03c3\u03c3.gr"),
        ("kim@example.org", "kim+a@example.org", "k.im@example.org"),
        ("kim@example.org", "k\u0131m@example.org", "kim@ex\u0430mple.org"),
    ],
)
def test_addresses_of_different_people(others: tuple[str, ...]) -> None:
    """Domains that only look alike, and tags and dots, whose meaning is the provider's, are kept apart."""
    assert len({canonical(email) for email in others}) == len(others)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_breaks_it(local: str, domain: str) -> None:
    """Whatever is typed is an address or refused; the key of a key is itself, and fits its column."""
    email = f"{local}@{domain}"
    key = canonical_or_none(email)
    if key is not None:
        assert canonical(key) == key
        assert len(key) <= 320
        assert len(normalise(email)) <= MAX_LENGTH
        assert unicodedata.is_normalized("NFC", normalise(email))
