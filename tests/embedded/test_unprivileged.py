"""PostgreSQL as root: no account made, no permission of anybody changed."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from hybrid_auth.embedded.binaries import postgres_programs
from hybrid_auth.embedded.postgres import EmbeddedPostgres
from hybrid_auth.embedded.unprivileged import Unprivileged, as_account, choose, in_user_namespace
from tests.support.stores import ask

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has this trouble")


def namespace(place: Path) -> Unprivileged:
    """The way through a user namespace; skips where the machine refuses it."""
    programs = postgres_programs()
    way = in_user_namespace(programs[max(programs)], place)
    if way is None:
        pytest.skip("this machine refuses user namespaces")
    return way


@as_root
@pytest.mark.parametrize("way", [namespace, lambda _: as_account()], ids=["namespace", "account"])
def test_root_in_a_private_home(tmp_path: Path, way: Callable[[Path], Unprivileged]) -> None:
    """Under a home of mode 0700 it runs without any capability, and leaves parents and accounts as they were."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    parents = [home, *home.parents]
    before = [(path.stat().st_mode, path.stat().st_uid) for path in parents]
    accounts = Path("/etc/passwd").read_bytes()
    server = EmbeddedPostgres(home / "data", durable=False, unprivileged=way(home))
    with server:
        assert ask(server.url, "SELECT 1") == [1]
        status = Path(f"/proc/{server.pid}/status").read_text()
        assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
        assert re.search(rf"^Uid:\t{server.cluster.stat().st_uid}\t", status, re.MULTILINE)
    assert [(path.stat().st_mode, path.stat().st_uid) for path in parents] == before
    assert Path("/etc/passwd").read_bytes() == accounts


@as_root
def test_the_way_may_change_between_starts(tmp_path: Path) -> None:
    """A kernel setting may turn namespaces on or off: the data stays usable both ways, and private."""
    for way in (as_account(), namespace(tmp_path), as_account()):
        server = EmbeddedPostgres(tmp_path / "data", durable=False, unprivileged=way)
        with server:
            ask(server.url, "CREATE TABLE IF NOT EXISTS t ()")
            assert stat.S_IMODE(server.cluster.stat().st_mode) == 0o700
            assert server.cluster.stat().st_uid == way.owner


@pytest.mark.skipif(os.geteuid() == 0, reason="for ordinary users")
def test_an_ordinary_user_needs_nothing(tmp_path: Path) -> None:
    """It is run plainly."""
    programs = postgres_programs()
    assert choose(programs[max(programs)], tmp_path) == Unprivileged()
