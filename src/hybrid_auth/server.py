"""uvicorn, as this service runs it."""

import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn
from litestar import Litestar
from uvicorn.supervisors import Multiprocess

from hybrid_auth.app import create_app
from hybrid_auth.logs import configure_logging
from hybrid_auth.settings import Settings, load_settings

ENV_FILE = Path(".env")
"""In the directory the command is run in."""
GRACEFUL_SECONDS = 5
START_SECONDS = 60
"""A worker that does not answer for this long is replaced; on a busy machine starting one takes a while."""


def configuration(app: Litestar | str, *, factory: bool = False, **options: object) -> uvicorn.Config:
    """uvloop and httptools, no request log, no banner, forwarding headers not believed."""
    return uvicorn.Config(
        app,
        factory=factory,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        timeout_worker_healthcheck=START_SECONDS,
        **options,  # type: ignore[arg-type]
    )


def serve(*, host: str, port: int, workers: int, settings: Settings) -> None:
    """Run until told to stop."""
    configure_logging(settings.log_format, settings.log_level)
    end_on_sigterm()
    if workers == 1:
        uvicorn.Server(configuration(create_app(settings), host=host, port=port)).run()
        return
    config = configuration("hybrid_auth.server:worker", factory=True, host=host, port=port, workers=workers)
    bound = config.bind_socket()
    Multiprocess(config, sockets=[bound]).run()


def worker() -> Litestar:
    """The application of one worker process, from the settings its parent has checked."""
    settings = load_settings(env_file=ENV_FILE)
    configure_logging(settings.log_format, settings.log_level)
    return create_app(settings)


def end_on_sigterm() -> None:
    """Let SIGTERM unwind the stack, so that whatever was started is stopped in order, at any moment.

    uvicorn shuts down first, then raises the signal again for the handler that stood here before.
    """
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))


def run_on(bound: socket.socket, app: Litestar) -> None:
    """Run on a socket that is already listening, until SIGTERM or Ctrl-C."""
    uvicorn.Server(configuration(app)).run(sockets=[bound])


def private_opener(path: str, flags: int) -> int:
    """For `open`: a new file that only its owner reads."""
    return os.open(path, flags, 0o600)
