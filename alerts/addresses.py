"""Which addresses a message may be sent to: public ones, and others only where they were allowed."""

import ipaddress
import socket
from typing import NamedTuple

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefused(Exception):
    """The name leads where messages are not sent; the words say so without naming more than the address."""


class Place(NamedTuple):
    """An address that was checked, as a socket is connected to it."""

    family: socket.AddressFamily
    address: str
    port: int


def checked_place(host: str, port: int, *, private: bool) -> Place:
    """Return the address that a host's name has now, checked: the connection goes to it, and not to the name.

    Raises
    ------
    AddressRefused
        If one of its addresses is not public and ``private`` is not set.
    OSError
        If the name has no address.
    """
    places = [
        Place(family, str(at[0]), port)
        for family, _, _, _, at in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if family in (socket.AF_INET, socket.AF_INET6)
    ]
    if not places:
        raise OSError("the name has no address")
    if not private:
        for one in places:
            if not is_public(one.address):
                raise AddressRefused(f"{one.address} is not a public address: allow_private: true where that is meant")
    return places[0]


def is_public(address: str) -> bool:
    """Return whether an address is one of the public network, also the one that it carries inside.

    Examples
    --------
    >>> [is_public(one) for one in ("1.1.1.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1")]
    [True, False, False, False, False]
    """
    try:
        found: _Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _carried(found) if isinstance(found, ipaddress.IPv6Address) else found
    return inner is not None and inner.is_global and not inner.is_multicast and not inner.is_reserved


def _carried(found: ipaddress.IPv6Address) -> _Address | None:
    """Return the IPv4 address that an IPv6 one stands for, itself where none; None where it cannot be told."""
    if found.ipv4_mapped is not None:
        return found.ipv4_mapped
    if found.sixtofour is not None:
        return found.sixtofour
    if found in _NAT64:
        return ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
    return None if found.teredo is not None else found
