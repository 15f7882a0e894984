"""Which network addresses a node may reach: public ones on the usual ports, and the networks that an operator allows.

`is_global` of the standard library is not enough: it holds for translated and tunnelled ranges that lead back inside.
What is decided here is decided on parsed addresses, never on text, so that no spelling of an address matters.
"""

import re
from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PUBLIC_PORTS: Final = frozenset({80, 443, 8080, 8443})

# Global by the book, and yet the way to an inner network, or to none.
_REFUSED: Final[tuple[Network, ...]] = tuple(
    ip_network(text)
    for text in (
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local
        "2002::/16",  # 6to4
        "2001::/32",  # Teredo
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata lives at .192
        "192.88.99.0/24",  # 6to4 relays
    )
)
_UNICAST_6: Final = IPv6Network("2000::/3")


def parse_networks(text: str) -> tuple[Network, ...]:
    """`TENUTO_HTTP_ALLOW`: networks or addresses, parted by commas or spaces. `ValueError` names the one that is none."""
    networks: list[Network] = []
    for part in re.split(r"[,\s]+", text.strip()):
        try:
            networks.extend([ip_network(part, strict=False)] if part else [])
        except ValueError:
            message = f"`{part}` is no network; write it like 10.0.0.0/8, 127.0.0.1/32 or fd00::/8"
            raise ValueError(message) from None
    return tuple(networks)


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside `::ffff:1.2.3.4`, or the address itself."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public internet, and leads nowhere else."""
    plain = unwrapped(address)
    if not plain.is_global or plain.is_multicast or plain.is_reserved:
        return False
    if isinstance(plain, IPv6Address) and plain not in _UNICAST_6:
        return False
    return not any(plain in network for network in _REFUSED)


class Policy:
    """`allow`: networks that may be reached on any port. `own`: where this program itself listens, refused in any case.

    `hosts`: names with their ports that an operator wrote down, trusted wherever they lead.
    """

    def __init__(
        self,
        allow: Iterable[Network] = (),
        own: Iterable[tuple[str, int]] = (),
        hosts: Iterable[tuple[str, int]] = (),
    ) -> None:
        self._allow = tuple(allow)
        self._hosts = frozenset(hosts)
        self._own = frozenset((unwrapped(ip_address(host)), port) for host, port in own)

    def permits(self, address: str, port: int, host: str = "", usual: Collection[int] = PUBLIC_PORTS) -> bool:
        """Whether a node may connect there, for a URL that names that host. An address that is none may not. `usual`: ports of
        public addresses that are open to what the node does."""
        try:
            plain = unwrapped(ip_address(address))
        except ValueError:
            return False
        if self._is_own(plain, port):
            return False
        if (host, port) in self._hosts:
            return True
        if any(plain in network for network in self._allow):
            return True
        return port in usual and is_public(plain)

    def forbids(self, host: str, port: int) -> bool:
        """Whether it is an address that is not permitted. What a name leads to is known when it is looked up."""
        try:
            ip_address(host)
        except ValueError:
            return False
        return not self.permits(host, port)

    def _is_own(self, address: Address, port: int) -> bool:
        if (address, port) in self._own:
            return True
        # Whoever listens everywhere is reached at every address of this machine; loopback is the one that is sure.
        everywhere = any(host.is_unspecified and own == port for host, own in self._own)
        return everywhere and (address.is_loopback or address.is_unspecified)
