"""Headers that go out: well-formed, never those that steer the connection; and which of them may follow a redirect."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from tenuto.sdk.errors import NodeError

Headers = list[tuple[str, str]]

# How many runs led to this request, this one included: by it a server of ours sees that runs start each other without end.
HOP: Final = "Tenuto-Hop"
TRACE: Final = "traceparent"

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS: Final = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "tenuto-hop",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# All that goes along to another origin. Whatever else there is may be a credential: there is no list of their names.
_HARMLESS: Final = frozenset({"accept", "accept-encoding", "accept-language", "tenuto-hop", "user-agent"})
_OF_BODY: Final = frozenset({"content-type", "content-encoding", "content-language"})


def checked(headers: Mapping[str, str] | None) -> Headers:
    """The headers that a caller gave, as they go out. `NodeError` of type `input` if one cannot."""
    made: Headers = []
    for name, value in (headers or {}).items():
        if not _NAME.fullmatch(name):
            raise _refused(f"`{name[:60]!r}` is no name of a header")
        if name.lower() in _OURS:
            raise _refused(f"the header `{name}` is set by the client itself; leave it out")
        if not _VALUE.fullmatch(value):
            raise _refused(f"the header `{name}` holds a line break or a character that headers cannot carry")
        made.append((name, value.strip(" \t")))
    return made


def with_default(headers: Headers, name: str, value: str) -> None:
    """Add a header unless the caller gave it."""
    if not any(given.lower() == name.lower() for given, _ in headers):
        headers.append((name, value))


def across_origins(headers: Iterable[tuple[str, str]]) -> Headers:
    """What may follow a redirect to another origin."""
    return [(name, value) for name, value in headers if name.lower() in _HARMLESS]


def without_body(headers: Iterable[tuple[str, str]]) -> Headers:
    """What is left when a redirect turns the request into a GET."""
    return [(name, value) for name, value in headers if name.lower() not in _OF_BODY]


def _refused(message: str) -> NodeError:
    return NodeError(message, type="input", retry=False)
