"""Mail addresses as people write them: `ann@example.com`, or with a name, `Ann <ann@example.com>`. One person each: what could be
read as several, or as another one, is none.
"""

import re
from email.headerregistry import Address
from typing import Final

from tenuto.sdk import NodeError

LONGEST: Final = 320
_NAMED: Final = re.compile(r"(?P<name>[^<>@]*)<(?P<address>[^<>]+)>\s*")
_LOCAL: Final = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def address_of(given: str) -> Address:
    """Its name and its address, the domain in the letters that the wire has. `NodeError` if it is none."""
    named = _NAMED.fullmatch(given)
    name, address = (named["name"].strip().strip('" '), named["address"]) if named else ("", given.strip())
    local, _, domain = address.rpartition("@")
    host = _wire(domain)
    if not host or _LOCAL.fullmatch(local) is None or len(given) > LONGEST or not given.isprintable():
        raise NodeError(f"`{given[:80]}` is no mail address", type="input", retry=False)
    return Address(name, local, host)


def _wire(domain: str) -> str:
    try:
        host = domain.encode("idna").decode() if not domain.isascii() else domain
    except UnicodeError:
        return ""
    return host if all(_LABEL.fullmatch(label) for label in host.split(".")) else ""
