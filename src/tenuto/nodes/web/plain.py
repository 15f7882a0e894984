"""HTML as plain text: headings, paragraphs, lists and tables stay apart, what nobody sees is left out.

The parser of the standard library takes any input and never backtracks; a page is bounded by the client that fetched it.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final, TypedDict
from urllib.parse import urljoin

_UNSEEN: Final = frozenset({"script", "style", "noscript", "template", "svg", "head", "iframe", "object"})
_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_HEADINGS: Final = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_LONGEST_LINK: Final = 2_000
_MOST_LINKS: Final = 500


class Link(TypedDict):
    text: str
    url: str


@dataclass(slots=True)
class Plain:
    title: str = ""
    text: str = ""
    links: list[Link] = field(default_factory=list[Link])


def plain(html: str, base: str) -> Plain:
    reader = _Reader(base)
    reader.feed(html)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.parts).splitlines()]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return Plain(" ".join("".join(reader.title).split()), text, reader.links)


class _Reader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title: list[str] = []
        self.links: list[Link] = []
        self._base = base
        self._unseen = 0
        self._in_title = False
        self._link: tuple[str, int] | None = None  # its address, and where its text begins in `parts`

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = True
        elif tag in _UNSEEN:
            self._unseen += 1
        elif tag == "a":
            self._begin_link(dict(attrs).get("href") or "")
        elif tag in {"td", "th"}:
            self.parts.append(" | ")
        elif tag in _BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n\n" + _HEADINGS[tag] if tag in _HEADINGS else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif tag == "a":
            self._end_link()
        elif tag in _BLOCKS:
            self.parts.append("\n\n" if tag == "p" or tag in _HEADINGS else "\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
        elif not self._unseen:
            self.parts.append(data)

    def _begin_link(self, address: str) -> None:
        self._end_link()
        if address and not self._unseen and len(address) <= _LONGEST_LINK:
            self._link = address, len(self.parts)

    def _end_link(self) -> None:
        if self._link is None:
            return
        (address, start), self._link = self._link, None
        url = _joined(self._base, address)
        if url.startswith(("http://", "https://")) and len(self.links) < _MOST_LINKS:
            self.links.append({"text": " ".join("".join(self.parts[start:]).split())[:200], "url": url})


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address.strip())
    except ValueError:  # brackets that are no address
        return ""
