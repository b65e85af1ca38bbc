"""Checks of the values in nginx's configuration: paths, hosts, addresses and numbers.

nginx has a syntax with quotes, variables, patterns and comments. Values are not escaped: one that would need
it is refused, with a message that says what would be right.
"""

import ipaddress
import re

from .live import MAX_SOCKET_PATH

PATH = re.compile(r"/[\w./:@%+,=~-]*")
# With a leading dot it stands for all hosts below it, in ALLOWED_HOSTS and in nginx.
HOST = re.compile(r"\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*", re.IGNORECASE | re.ASCII)
MAX_HOST_LENGTH = 253
MAX_NUMBER = 1_000_000
ZONE = "nginx takes no zone behind an address."


class InvalidNginxValue(ValueError):
    """A value that nginx would misread; the message names its option and says what to write."""

    def __init__(self, name: str, value: object, what: str) -> None:
        super().__init__(f"{name} is {value!r}: {what}")


def path(name: str, value: str) -> str:
    """Return an absolute path. nginx would look for a relative one below its own folder."""
    if not value.startswith("/"):
        raise InvalidNginxValue(name, value, "write the whole path, from the first / on.")
    if not PATH.fullmatch(value):
        raise InvalidNginxValue(
            name, value, "nginx would read it otherwise. Use a path of letters, digits and -_./:@%+,=~ alone."
        )
    return value


def host(name: str, value: str) -> str:
    """Return a host name, or an address (IPv6 in brackets), as nginx compares it with the Host header."""
    bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    if ":" in bare:
        return f"[{_address(name, bare)}]"
    if not HOST.fullmatch(value) or len(value) > MAX_HOST_LENGTH:
        raise InvalidNginxValue(
            name, value, "nginx knows no such host. Use letters, digits, - and dots; others as xn--… ."
        )
    return value


def listen_addresses(name: str, value: str, port: int) -> list[str]:
    """Return the arguments of `listen` for all addresses ("") or for one."""
    if not value:
        return [str(port), f"[::]:{port}"]
    address = _address(name, value.strip("[]"))
    return [f"[{address}]:{port}" if ":" in address else f"{address}:{port}"]


def server(name: str, value: str) -> str:
    """Return where an application listens: `unix:/path/of/a.sock` or `host:port`."""
    if value.startswith("unix:"):
        socket = path(name, value.removeprefix("unix:"))
        if ":" in socket or len(socket.encode()) > MAX_SOCKET_PATH:
            raise InvalidNginxValue(
                name, value, f"a socket's path has no : and at most {MAX_SOCKET_PATH} bytes."
            )
        return value
    host_name, colon, port = value.rpartition(":")
    if not colon or host_name.startswith(".") or not (port.isascii() and port.isdigit()):
        raise InvalidNginxValue(name, value, "write unix:/path/of/a.sock or host:port.")
    return f"{host(name, host_name)}:{number(name, int(port), most=65535)}"


def number(name: str, value: object, *, most: int = MAX_NUMBER) -> int:
    """Return a number from 1 to `most`. With 0, some limits of nginx do not apply at all."""
    if type(value) is not int or not 1 <= value <= most:
        raise InvalidNginxValue(name, value, f"write a number from 1 to {most}.")
    return value


def quoted(name: str, value: str) -> str:
    """Return a header's value in quotes. nginx would replace a variable in it."""
    if "$" in value or not value.isprintable():
        raise InvalidNginxValue(name, value, "nginx cannot send this header as it is.")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def network(name: str, value: str) -> str:
    """Return an address or a network; "" for ""."""
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
