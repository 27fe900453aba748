"""One directory, one process, and clear words when it cannot be had."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_auth.embedded.directory import LOCK_NAME, DataDirectory, EmbeddedStoreError


def test_a_new_directory_is_private_and_its_parents_are_not_touched(tmp_path: Path) -> None:
    """The data is mode 0700, whatever the parents are."""
    tmp_path.chmod(0o751)
    directory = DataDirectory(tmp_path / "a" / "b")
    directory.open()
    assert stat.S_IMODE(directory.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o751
    directory.close()


def test_a_second_copy_is_refused_and_told_the_first_ones_pid(tmp_path: Path) -> None:
    """The lock holds between processes, and names its holder."""
    code = "import sys; from hybrid_auth.embedded.directory import *; DataDirectory(Path(sys.argv[1])).open()"
    directory = DataDirectory(tmp_path / "data")
    directory.open()
    second = subprocess.run([sys.executable, "-c", code, str(directory.path)], capture_output=True, text=True)
    assert f"hybrid-auth is already running on this data, {directory.path} (pid {os.getpid()})." in second.stderr
    directory.close()
    assert subprocess.run([sys.executable, "-c", code, str(directory.path)]).returncode == 0


def test_a_file_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    """Neither a file as the directory nor a file as its parent ends in a traceback."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(EmbeddedStoreError, match=r"is not a directory"):
            DataDirectory(path).open()


def test_a_directory_with_foreign_files_is_refused(tmp_path: Path) -> None:
    """`--data-dir .` in a project must not fill it, and `--reset` must not empty it."""
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(EmbeddedStoreError, match=r"holds files that hybrid-auth did not make"):
        DataDirectory(tmp_path).open()
    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_an_empty_directory_is_taken_over(tmp_path: Path) -> None:
    """A mounted volume or a prepared directory serves, and becomes private."""
    tmp_path.chmod(0o755)
    directory = DataDirectory(tmp_path)
    directory.open()
    assert directory.is_ours
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    directory.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_place_is_one_sentence(tmp_path: Path) -> None:
    """A read-only parent is told as such."""
    tmp_path.chmod(0o500)
    with pytest.raises(EmbeddedStoreError, match=r"cannot be written by this user"):
        DataDirectory(tmp_path / "data").open()
    tmp_path.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_another_users_directory_is_refused(tmp_path: Path) -> None:
    """Its owner could swap our files, and root's files would lock the owner out."""
    (tmp_path / "data").mkdir()
    os.chown(tmp_path / "data", 12345, 12345)
    with pytest.raises(EmbeddedStoreError, match=r"belongs to another user \(uid 12345\)"):
        DataDirectory(tmp_path / "data").open()


def test_a_planted_symbolic_link_as_lock_is_not_followed(tmp_path: Path) -> None:
    """Whoever could plant it would otherwise have a file of their choice overwritten."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (tmp_path / "precious").write_text("kept")
    (data / LOCK_NAME).symlink_to(tmp_path / "precious")
    with pytest.raises(EmbeddedStoreError):
        DataDirectory(data).open()
    assert (tmp_path / "precious").read_text() == "kept"
