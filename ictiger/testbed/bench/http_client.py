"""A browser's connection, with as little work as can be: whoever measures a server on its own cores must not be in its way."""

import socket
from typing import Self

CHUNK = 65_536


class Connection:
    """One connection to 127.0.0.1 that is kept from request to request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def ask(self, request: bytes) -> int:
        """Send a request and read its whole answer. Returns the status."""
        self.socket.sendall(request)
        answer = self._more(b"")
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer = self._more(answer)
        head = answer[:end].lower()
        length = _length(head)
        while len(answer) < end + 4 + length:
            answer = self._more(answer)
        if b"\r\nconnection: close" in head:
            self.socket.close()
            self.socket = self._connect()
        return int(head[9:12])

    def _more(self, answer: bytes) -> bytes:
        chunk = self.socket.recv(CHUNK)
        if not chunk:
            raise ConnectionError("the server hung up in the middle of an answer")
        return answer + chunk

    def _connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made


def _length(head: bytes) -> int:
    """Content-Length; Django names it on every answer that has a body."""
    _before, found, rest = head.partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0
