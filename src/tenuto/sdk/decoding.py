"""Bytes of others as text: what says so first decides, as in a browser. What cannot be text in that way is replaced, or refused."""

import codecs
import re
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Python's own, which no page is written in; some of them take the square of the time.
_NO_LETTERS: Final = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "unicode_escape", "undefined"}
)
_CHARSET: Final = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)


def charset_in(said: str) -> str:
    """The charset that a content type, or the beginning of a page, names; "" for none."""
    found = _CHARSET.search(said)
    return found[1] if found else ""


def decoded(content: bytes, charset: str = "") -> str | None:
    """The text: by its mark, by the charset, as UTF-8. None if it is none of them. A charset that nobody knows is not looked at."""
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    for name in (marked, charset, "utf-8"):
        try:
            if name and has_letters(name):
                return content.decode(name).removeprefix("\ufeff")
        except (LookupError, ValueError):  # nobody knows it, it is none of text, or the content is not in it
            continue
    return None


def has_letters(charset: str) -> bool:
    """Whether texts are written in it. `LookupError` or `ValueError` if it is none."""
    return codecs.lookup(charset).name not in _NO_LETTERS
