"""HTML as plain text: headings, paragraphs, lists and tables stay apart, what nobody sees is left out."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

from tenuto.nodes.web.scan import Piece, pieces

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
_GAP: Final = re.compile(r"\n{3,}")
_LONGEST_LINK: Final = 2_000
_MOST_LINKS: Final = 500


@dataclass(slots=True)
class Plain:
    """`links`: `{text, url}`, in the order of the page."""

    title: str = ""
    text: str = ""
    links: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


def plain(html: str, base: str) -> Plain:
    reader = _Reader(base)
    for piece in pieces(html):
        reader.take(piece)
    lines = [" ".join(line.split()) for line in "".join(reader.parts).splitlines()]
    text = _GAP.sub("\n\n", "\n".join(lines)).strip()
    return Plain(" ".join("".join(reader.title).split()), text, reader.links)


class _Reader:
    def __init__(self, base: str) -> None:
        self.parts: list[str] = []
        self.title: list[str] = []
        self.links: list[dict[str, str]] = []
        self._base = base
        self._unseen = 0
        self._in_title = False
        self._link: tuple[str, int] | None = None  # its address, and where its text begins in `parts`

    def take(self, piece: Piece) -> None:
        if not piece.tag:
            self._read(piece.text)
        elif piece.closes:
            self._close(piece.tag)
        else:
            self._open(piece.tag, piece.attributes or {})

    def _read(self, text: str) -> None:
        if self._in_title:
            self.title.append(text)
        elif not self._unseen:
            self.parts.append(text)

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "title":
            self._in_title = True
        elif tag in _UNSEEN:
            self._unseen += 1
        elif tag == "body":
            self._unseen = 0  # the head has ended, whether it says so or not
        elif tag == "a":
            self._begin_link(attributes.get("href", ""))
        elif tag in {"td", "th"}:
            self.parts.append(" | ")
        elif tag in _BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n\n" + _HEADINGS[tag] if tag in _HEADINGS else "\n")

    def _close(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif tag == "a":
            self._end_link()
        elif tag in _BLOCKS:
            self.parts.append("\n\n" if tag == "p" or tag in _HEADINGS else "\n")

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
