"""The name in a `Host` header."""

import pytest

from hybrid_auth.edge import host_of


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"localhost", "localhost"),
        (b"LocalHost:8001", "localhost"),
        (b"[::1]", "::1"),
        (b"[::1]:8001", "::1"),
        (b"[::1", None),
        (b"[::1]:x", None),
        (b"localhost:x", None),
        (b"localhost:", "localhost"),
        (b":80", None),
        (b"", None),
        (b"a@b:80", "a@b"),
    ],
)
def test_name_of_a_host_header(header: bytes, name: str | None) -> None:
    """Lower case, without port or brackets; none where it is not a host and a port."""
    assert host_of(header) == name
