"""Bytes to text, before anything is parsed: size, encoding, and nothing that is no text at all."""

import codecs
from typing import Final

from tenuto.core.problems import Problem

MAX_BYTES: Final = 2**20
_OTHERS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class Refused(Exception):
    """What makes a text no document of ours; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def decode(source: bytes | str) -> str | Problem:
    """The text of a document, or why it is none."""
    if isinstance(source, str):
        return _whole(source)
    if len(source) > MAX_BYTES:
        return too_large()
    for mark, name in _OTHERS:
        if source.startswith(mark):
            return Problem("", "encoding", f"the document is {name} text", "save it as UTF-8")
    try:
        return _plain(source.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line, column = place(source[: error.start].decode("utf-8", "replace"))
        problem = f"the document is no UTF-8 text: the byte {source[error.start]:#04x} cannot stand there"
        return Problem("", "encoding", problem, "save it as UTF-8", line=line, column=column)


def too_large() -> Problem:
    return Problem("", "too_large", "the document is larger than 1 MB", "split it: a flow can `call` another")


def place(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what follows this text."""
    line = before.count("\n")
    return line + 1, len(before) - (before.rfind("\n") + 1) + 1


def _whole(source: str) -> str | Problem:
    if len(source) > MAX_BYTES:
        return too_large()
    try:
        size = len(source.encode())
    except UnicodeEncodeError as error:
        line, column = place(source[: error.start])
        return Problem(
            "", "encoding", "the document holds half a surrogate pair", "save it as UTF-8", line=line, column=column
        )
    return too_large() if size > MAX_BYTES else _plain(source.removeprefix("\ufeff"))


def _plain(text: str) -> str | Problem:
    if "\x00" in text:
        line, column = place(text[: text.index("\x00")])
        return Problem("", "encoding", "the document holds NUL characters: it is no text", line=line, column=column)
    return text
