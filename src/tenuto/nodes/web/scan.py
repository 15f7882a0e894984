"""HTML in pieces: text, and tags with their attributes, in one pass whose cost is the length of the page, whatever stands in it.

The parser of the standard library goes over the rest of a page again for each thing that is never closed; a page is written
by a stranger, who could stop the server with it. What is never closed ends the page here, as in a browser.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final, NamedTuple

_NAME: Final = re.compile(r"</?([a-zA-Z][^\s/>]*)")
_STOP: Final = re.compile("[>\"']")
_ATTRIBUTE: Final = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?""")
_LONGEST_TAG: Final = 20_000  # characters whose attributes are read

# What stands in these is no markup.
_RAW: Final = {name: re.compile(rf"</{name}[\s/>]", re.IGNORECASE) for name in ("script", "style", "textarea", "title")}


class Piece(NamedTuple):
    """A text, or a tag: its name, whether it closes, and its attributes."""

    text: str = ""
    tag: str = ""
    closes: bool = False
    attributes: dict[str, str] | None = None


def pieces(html: str) -> Iterator[Piece]:
    at = 0
    while (start := html.find("<", at)) >= 0:
        if start > at:
            yield Piece(unescape(html[at:start]))
        name = _NAME.match(html, start)
        if name is None:
            at = _after_other(html, start)
            if at == start + 1:
                yield Piece("<")  # it begins nothing
            continue
        at = _end(html, name.end())
        tag = name[1].lower()
        closes = html[start + 1] == "/"
        yield Piece(
            "", tag, closes, {} if closes else _attributes(html[name.end() : min(at, name.end() + _LONGEST_TAG)])
        )
        if tag in _RAW and not closes:
            end = _RAW[tag].search(html, at)
            inner, at = html[at : end.start() if end else len(html)], end.start() if end else len(html)
            yield Piece(unescape(inner) if tag in {"title", "textarea"} else "")
    if at < len(html):
        yield Piece(unescape(html[at:]))


def _after_other(html: str, start: int) -> int:
    """Behind a comment, a declaration or a processing instruction; one further if it is none of them."""
    if html.startswith("<!--", start):
        return _behind(html, "-->", start + 2)
    if html.startswith(("<!", "<?", "</"), start):
        return _behind(html, ">", start)
    return start + 1


def _behind(html: str, end: str, start: int) -> int:
    found = html.find(end, start)
    return len(html) if found < 0 else found + len(end)


def _end(html: str, at: int) -> int:
    """Behind the tag: a `>` in quotes does not end it."""
    while (stop := _STOP.search(html, at)) is not None:
        if stop[0] == ">":
            return stop.end()
        closing = html.find(stop[0], stop.end())
        if closing < 0:
            break
        at = closing + 1
    return len(html)


def _attributes(text: str) -> dict[str, str]:
    """The first of each name counts."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(text):
        found.setdefault(match[1].lower(), unescape(match[2] or match[3] or match[4] or ""))
    return found
