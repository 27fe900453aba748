"""A TCP port, taken before anything else is started."""

import errno
import socket

from hybrid_auth.embedded.directory import EmbeddedStoreError


class PortInUse(EmbeddedStoreError):
    """Somebody else listens there."""


def reserve_port(host: str, port: int) -> socket.socket:
    """A listening socket on `host` and `port` (0: any free one), for the server to take over.

    It listens at once, for of two sockets that are only bound with SO_REUSEADDR neither is refused; clients that come
    early wait in its backlog. Raises PortInUse, or EmbeddedStoreError where the address cannot be had at all.
    """
    if not 0 <= port <= 65535:
        msg = f"{port} is not a port to listen on: ports go from 0 to 65535."
        raise EmbeddedStoreError(msg)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError):
        msg = f"{host} with port {port} is not an address to listen on."
        raise EmbeddedStoreError(msg) from None
    reserved = socket.socket(family, kind, protocol)
    try:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(address)
        reserved.listen(2048)
    except OSError as error:
        reserved.close()
        if error.errno == errno.EADDRINUSE:
            msg = f"Port {port} is in use on {host}. Stop the program that uses it, or choose another with --port."
            raise PortInUse(msg) from None
        if error.errno == errno.EACCES:
            msg = f"Port {port} needs more rights than this user has. Choose one above 1023 with --port."
            raise EmbeddedStoreError(msg) from None
        msg = f"{host} with port {port} cannot be listened on: {error.strerror}."
        raise EmbeddedStoreError(msg) from None
    return reserved
