"""Finding the servers in their wheels."""

import os

import pytest

from hybrid_auth.embedded import binaries
from hybrid_auth.embedded.directory import EmbeddedStoreError


def test_the_wheels_carry_what_the_docs_say() -> None:
    """PostgreSQL 18 and 16, and a redis-server, all of them programs that can be run."""
    programs = binaries.postgres_programs()
    assert set(programs) >= {16, 18}
    assert all(os.access(one.initdb, os.X_OK) for one in programs.values())
    assert os.access(binaries.redis_server(), os.X_OK)


def test_missing_wheels_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra `dev` the person learns its name, and the setting that makes it needless."""
    monkeypatch.setattr(binaries, "find_spec", lambda _: None)
    with pytest.raises(EmbeddedStoreError, match=r"hybrid-auth\[dev\], or set HYBRID_AUTH_DATABASE_URL"):
        binaries.postgres_programs()
    with pytest.raises(EmbeddedStoreError, match=r"hybrid-auth\[dev\], or set HYBRID_AUTH_REDIS_URL"):
        binaries.redis_server()
