"""PostgreSQL's data directory ("cluster"): making one, and telling whether one is whole."""

import os
import re
import shutil
from pathlib import Path

from hybrid_auth.embedded.binaries import PostgresPrograms
from hybrid_auth.embedded.directory import EmbeddedStoreError, write_private
from hybrid_auth.embedded.lifeline import DIRECTORY_FD, Errand
from hybrid_auth.embedded.process import ServerProcess
from hybrid_auth.embedded.unprivileged import Unprivileged

ROLE = "hybrid_auth"
DATABASE = "hybrid_auth"

_HOST_BASED_ACCESS = f"""\
# The socket lies in a directory of mode 0700: who reaches it is this user or root.
local all {ROLE} trust
host all {ROLE} 127.0.0.1/32 scram-sha-256
"""
_CREATE_SECONDS = 120.0


def major_version(cluster: Path) -> int:
    """The major version that made a cluster. Raises EmbeddedStoreError for a damaged one."""
    try:
        version = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        control = (cluster / "global" / "pg_control").stat().st_size
    except FileNotFoundError as error:
        raise _damaged(cluster, f"{Path(error.filename).name} is missing") from None
    except (OSError, UnicodeDecodeError):
        raise _damaged(cluster, "PG_VERSION and pg_control cannot be read") from None
    if not re.fullmatch(r"\d{1,3}", version, re.A):
        raise _damaged(cluster, "PG_VERSION holds no version")
    if control == 0:
        raise _damaged(cluster, "pg_control is empty")
    return int(version)


def create(
    fresh: Path, *, programs: PostgresPrograms, way: Unprivileged, password: str, durable: bool, log: Path
) -> None:
    """Make a cluster with one role that may log in, and its database, in the new directory `fresh`.

    Raises EmbeddedStoreError with the reason where it cannot be made; then nothing is left of it.
    """
    script = fresh.with_name("create.sql")
    way.make_directory(fresh)
    where = argument(fresh, way)
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if programs.major >= 17 else []
    initdb = [str(programs.initdb), "-D", where, "-U", "postgres", "-E", "UTF8", "--locale=C", *locale]
    single = [str(programs.postgres), "--single", "-D", where, *([] if durable else ["-F"]), "postgres"]
    try:
        _run([*initdb, "--auth=trust", *([] if durable else ["--no-sync"])], fresh, way=way, log=log)
        with (fresh / "pg_hba.conf").open("w", encoding="ascii") as file:
            file.write(_HOST_BASED_ACCESS)
            file.flush()
            os.fsync(file.fileno())
        # One statement to a line. A file, since every user of the machine can read a command line.
        # The role is no superuser: a superuser can run programs and write files as the account the server runs under.
        role = f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}'"
        write_private(script, f"{role};\nCREATE DATABASE {DATABASE} OWNER {ROLE};\n")
        _run(single, fresh, way=way, log=log, stdin=script)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    finally:
        script.unlink(missing_ok=True)


def argument(cluster: Path, way: Unprivileged) -> str:
    """How the server is told its directory. A path leads through our home, an open descriptor does not."""
    return str(cluster) if way.account is None else f"/proc/self/fd/{DIRECTORY_FD}"


def errand(argv: list[str], *, directory: Path, way: Unprivileged, log: Path) -> Errand:
    """An errand for one of PostgreSQL's programs on its directory."""
    return Errand(
        argv=[*way.prefix, *argv],
        cwd="/",
        log=str(log),
        pid_file=str(log.with_name("tool.pid")),
        stdin=None,
        signals=[("SIGTERM", 3.0)],
        account=way.ids,
        directory=None if way.account is None else str(directory),
        remove=[],
    )


def complaint(log: str) -> str | None:
    """The first grave message in a log of PostgreSQL's programs."""
    found = re.search(r"(?:FATAL|PANIC|ERROR|error):\s+(.+)", log)
    return found[1] if found else None


def _run(argv: list[str], directory: Path, *, way: Unprivileged, log: Path, stdin: Path | None = None) -> None:
    """Run a program to its end, under a lifeline of its own: it must not go on when we are killed."""
    task = errand(argv, directory=directory, way=way, log=log)
    task["stdin"] = None if stdin is None else str(stdin)
    process = ServerProcess("PostgreSQL", task)
    try:
        code = process.wait(_CREATE_SECONDS)
    finally:
        process.stop()
    # In single-user mode an error of a statement does not show in the exit code.
    trouble = complaint(log.read_text(encoding="utf-8", errors="replace"))
    if code != 0 or trouble is not None:
        reason = trouble.rstrip(".") if trouble else f"{Path(argv[0]).name} ended with code {code}"
        msg = f"PostgreSQL's data could not be made in {directory.parent}: {reason}."
        raise EmbeddedStoreError(msg)


def _damaged(cluster: Path, what: str) -> EmbeddedStoreError:
    return EmbeddedStoreError(
        f"The PostgreSQL data in {cluster} is damaged: {what}. "
        "Put back a copy of that directory, or begin anew with --reset."
    )
