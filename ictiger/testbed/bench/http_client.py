"""A minimal HTTP client, to leave the machine's cores to the server that is measured."""

import socket
from typing import Self

CHUNK = 65_536


class Connection:
    """A connection to 127.0.0.1, reused for further requests unless the server closes it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def send(self, request: bytes) -> int:
        """Send a request, read the whole response and return its status. Raises ConnectionError."""
        self.socket.sendall(request)
        response = self._receive(b"")
        while (end := response.find(b"\r\n\r\n")) < 0:
            response = self._receive(response)
        head = response[:end].lower()
        length = _length(head)
        while len(response) < end + 4 + length:
            response = self._receive(response)
        if b"\r\nconnection: close" in head:
            self.socket.close()
            self.socket = self._connect()
        return int(head[9:12])

    def _receive(self, response: bytes) -> bytes:
        chunk = self.socket.recv(CHUNK)
        if not chunk:
            raise ConnectionError("the server hung up in the middle of a response")
        return response + chunk

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _length(head: bytes) -> int:
    """Return the Content-Length, which Django sends with every response that has a body; 0 without one."""
    _before, separator, rest = head.partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if separator else 0
