"""Connections to public addresses only: a name is resolved once and the checked address is used."""

import base64
import ipaddress
import socket
from urllib.parse import unquote, urlsplit

from tasks.outcomes import Reason
from tasks.records import Seconds
from tasks.remote.failures import FetchFailed

# An IPv6 address of this network stands for the IPv4 address in its last 32 bits (RFC 6052).
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
LONGEST_PROXY_ANSWER = 16_384

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: Address) -> bool:
    """False for private, loopback, link-local, multicast and reserved addresses."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def resolve_address(
    host: str, port: int, *, allow_private: bool, family: socket.AddressFamily = socket.AF_UNSPEC
) -> str:
    """The first address of a host; raises FetchFailed(refused_address) unless all are public."""
    try:
        found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchFailed(Reason.network, f"cannot resolve {host}: {error}") from None
    addresses = [ipaddress.ip_address(str(item[4][0]).partition("%")[0]) for item in found]
    if not allow_private and not all(is_public(address) for address in addresses):
        raise FetchFailed(Reason.refused_address, f"{host} is not a public address")
    return str(found[0][4][0])


def connect(
    host: str,
    port: int,
    *,
    timeout_s: Seconds,
    allow_private: bool,
    proxy: str | None,
    source_address: str | None = None,
) -> socket.socket:
    """A connection to a host, through a proxy's CONNECT where there is one; raises OSError.

    `source_address` is ours: the host is reached by an address of the same family, since media
    URLs may be good for one address of ours only.
    """
    family = socket.AF_UNSPEC if source_address is None else find_family(source_address)
    address = resolve_address(host, port, allow_private=allow_private, family=family)
    if proxy is None:
        ours = None if source_address is None else (source_address, 0)
        return socket.create_connection((address, port), timeout_s, ours)
    parts = urlsplit(proxy)
    link = socket.create_connection((str(parts.hostname), parts.port or 80), timeout_s)
    try:
        _open_tunnel(link, f"[{address}]:{port}" if ":" in address else f"{address}:{port}", proxy)
    except OSError:
        link.close()
        raise
    return link


def find_family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _open_tunnel(link: socket.socket, target: str, proxy: str) -> None:
    parts = urlsplit(proxy)
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if parts.username is not None:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(secret.encode()).decode()}")
    link.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        byte = link.recv(1)  # one by one: what follows belongs to the tunnel
        if not byte or len(answer) > LONGEST_PROXY_ANSWER:
            raise ConnectionError("the proxy closed the connection")
        answer += byte
    status = answer.split(b"\r\n")[0].decode("latin-1")
    if status.split(" ")[1:2] != ["200"]:
        raise ConnectionError(f"the proxy answered {status!r}")
