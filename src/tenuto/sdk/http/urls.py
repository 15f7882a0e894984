"""Taking a URL apart, once and strictly: what is checked is what is connected to and what the `Host` header says."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final, cast
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from tenuto.sdk.errors import NodeError

MAX_URL: Final = 8192
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", re.ASCII)
_UNSEEN: Final = re.compile(r"[\x00-\x20\x7f\\]")
_SAFE: Final = "%/:=&?~+!$,;'@()*[]"

Scalar = str | int | float | bool | None
Query = Mapping[str, Scalar | Sequence[Scalar]]


@dataclass(slots=True, frozen=True)
class Target:
    """Where a request goes. `host` is ASCII, without brackets; `path` has the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return (self.scheme, self.host, self.port)

    @property
    def authority(self) -> str:
        """What the `Host` header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"

    def __str__(self) -> str:
        """Without the query, which may hold a key."""
        return f"{self.scheme}://{self.authority}{self.path.partition('?')[0]}"


def parse_url(url: str, query: Query | None = None) -> Target:
    """The target of a URL. `NodeError` of type `input` says what is wrong with it."""
    if len(url) > MAX_URL:
        raise _refused(f"the URL is longer than {MAX_URL} characters")
    if _UNSEEN.search(url):
        raise _refused("the URL holds a space, a backslash or an unseen character; percent-encode it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused(f"the URL cannot be read: {error}") from None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise _refused(
            f"the URL begins with `{scheme}:`, it must begin with http:// or https://"
            if scheme
            else "the URL must begin with http:// or https://"
        )
    if "@" in parts.netloc:
        raise _refused("the URL holds a user or a password; send them as a header")
    if port == 0:
        raise _refused("the URL names port 0")
    return Target(scheme, _host(parts), port or _DEFAULT_PORTS[scheme], _path(parts, query))


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if "[" in parts.netloc:
        try:
            return str(IPv6Address(host)) if "%" not in host else _no_host(host)
        except ValueError:
            return _no_host(host)
    if not host.isascii():
        host = _ascii(host)
    return host if _HOST.fullmatch(host) and len(host) <= 253 else _no_host(host)  # the limit of DNS


def _ascii(host: str) -> str:
    import idna  # its tables take a while, and hosts are seldom written in other scripts

    try:
        return idna.encode(host, uts46=True).decode().lower()
    except idna.IDNAError:
        return _no_host(host)


def _no_host(host: str) -> str:
    raise _refused(f"the URL has no host that can be reached: `{host[:100]}`")


def _path(parts: SplitResult, query: Query | None) -> str:
    path = quote(parts.path or "/", safe=_SAFE)
    told = [parts.query] if parts.query else []
    if query:
        told.append(urlencode([(key, _text(key, value)) for key, values in query.items() for value in _each(values)]))
    search = quote("&".join(part for part in told if part), safe=_SAFE)
    return f"{path}?{search}" if search else path


def _each(values: object) -> Sequence[object]:
    """A list repeats its key, null leaves it out."""
    if values is None:
        return ()
    return cast("list[object] | tuple[object]", values) if isinstance(values, (list, tuple)) else (values,)


def _text(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    if value is None:
        return ""
    raise _refused(f"`query`: `{key[:60]}` must be text, a number, a boolean, null, or a list of these")


def _refused(message: str) -> NodeError:
    return NodeError(message, type="input", retry=False)
