"""Taking the port before anything else starts."""

import socket

import pytest

from hybrid_auth.embedded.directory import EmbeddedStoreError
from hybrid_auth.embedded.port import PortInUse, reserve_port


def test_a_free_port_is_taken_and_listens() -> None:
    """The socket is ready for the server to accept on."""
    with reserve_port("127.0.0.1", 0) as reserved, socket.create_connection(reserved.getsockname()):
        connection, _ = reserved.accept()
        connection.close()


def test_a_port_in_use_is_one_sentence() -> None:
    """The second copy on a port learns which port it is and what to do."""
    with reserve_port("127.0.0.1", 0) as reserved:
        port = reserved.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"^Port {port} is in use on 127\.0\.0\.1\. Stop .* --port\.$"):
            reserve_port("127.0.0.1", port)


@pytest.mark.parametrize(("host", "port"), [("no such name.invalid", 80), ("127.0.0.1", 70000), ("192.0.2.1", 0)])
def test_an_impossible_address_is_one_sentence(host: str, port: int) -> None:
    """A name that does not resolve, a number that is no port and a foreign address are told, not raised raw."""
    with pytest.raises(EmbeddedStoreError, match=r"listen"):
        reserve_port(host, port)
