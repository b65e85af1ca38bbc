"""What may stand in nginx's configuration: paths, hosts, addresses and numbers that mean there what they mean here.

nginx has quotes, variables, patterns and comments of its own. Nothing is escaped: a value that would need it is refused, and the refusal
says what would be right.
"""

import ipaddress
import re

from .live import MAX_SOCKET_PATH

PATH = re.compile(r"/[\w./:@%+,=~-]*")
# One that begins with a dot stands for all below it, here and there.
HOST = re.compile(r"\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*", re.IGNORECASE | re.ASCII)
MAX_HOST_LENGTH = 253
MAX_NUMBER = 1_000_000


ZONE = "nginx takes no zone behind an address."


class InvalidNginxValue(ValueError):
    """A value that would mean something else in nginx's configuration."""

    def __init__(self, name: str, value: object, what: str) -> None:
        super().__init__(f"{name} is {value!r}: {what}")


def path(name: str, value: str) -> str:
    """A whole path. nginx takes one that does not begin at the root for one below a folder of its own."""
    if not value.startswith("/"):
        raise InvalidNginxValue(name, value, "write the whole path, from the first / on.")
    if not PATH.fullmatch(value):
        raise InvalidNginxValue(
            name, value, "nginx would read it otherwise. Use a path of letters, digits and -_./:@%+,=~ alone."
        )
    return value


def host(name: str, value: str) -> str:
    """A host's name, or an address (IPv6 in brackets), as nginx compares it with what a browser sends."""
    bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    if ":" in bare:
        return f"[{_address(name, bare)}]"
    if not HOST.fullmatch(value) or len(value) > MAX_HOST_LENGTH:
        raise InvalidNginxValue(
            name, value, "nginx knows no such host. Use letters, digits, - and dots; others as xn--… ."
        )
    return value


def listening(name: str, value: str, port: int) -> list[str]:
    """Where to listen: on all addresses, or on this one."""
    if not value:
        return [str(port), f"[::]:{port}"]
    address = _address(name, value.strip("[]"))
    return [f"[{address}]:{port}" if ":" in address else f"{address}:{port}"]


def server(name: str, value: str) -> str:
    """Where an application listens: `unix:/path/of/a.sock` or `host:port`."""
    if value.startswith("unix:"):
        socket = path(name, value.removeprefix("unix:"))
        if ":" in socket or len(socket.encode()) > MAX_SOCKET_PATH:
            raise InvalidNginxValue(
                name, value, f"a socket's path has no : and at most {MAX_SOCKET_PATH} bytes."
            )
        return value
    where, colon, port = value.rpartition(":")
    if not colon or where.startswith(".") or not (port.isascii() and port.isdigit()):
        raise InvalidNginxValue(name, value, "write unix:/path/of/a.sock or host:port.")
    return f"{host(name, where)}:{number(name, int(port), most=65535)}"


def number(name: str, value: object, *, most: int = MAX_NUMBER) -> int:
    """From 1 on. For some of its limits 0 means to nginx that there is none."""
    if type(value) is not int or not 1 <= value <= most:
        raise InvalidNginxValue(name, value, f"write a number from 1 to {most}.")
    return value


def quoted(name: str, value: str) -> str:
    """A header's value. A variable in it would be filled in."""
    if "$" in value or not value.isprintable():
        raise InvalidNginxValue(name, value, "nginx cannot send this header as it is.")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def network(name: str, value: str) -> str:
    """An address, or a network of them; "" stays so."""
    if "%" in value:
        raise InvalidNginxValue(name, value, ZONE)
    try:
        return str(ipaddress.ip_network(value)) if value else ""
    except ValueError as error:
        raise InvalidNginxValue(
            name, value, f"write an address or a network like 192.0.2.0/24: {error}."
        ) from None


def _address(name: str, value: str) -> str:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        raise InvalidNginxValue(
            name, value, "this is no address. Write one like 192.0.2.1 or 2001:db8::1."
        ) from None
    if getattr(address, "scope_id", None):
        raise InvalidNginxValue(name, value, ZONE)
    return str(address)
