"""`document.read`: the text in a file. What is no text is refused, for nobody could do anything with it."""

from typing import TypedDict

from tenuto.sdk import Context, FileRef, NodeError, node
from tenuto.sdk.decoding import charset_in, decoded

MOST = 1_000_000  # characters
_TEXT = ("text/", "application/json", "application/xml", "application/yaml", "application/javascript")


class Document(TypedDict):
    """`characters`: of the whole document, of which `text` may be a part."""

    name: str
    media_type: str
    text: str
    characters: int


@node("document.read")
async def read(file: FileRef, start: int = 0, most: int = 20_000, *, ctx: Context) -> Document:  # noqa: D417  `ctx` is no input
    """Read a file of text, or a part of it.

    Args:
        file: The reference of the file, as it was given: an object with `$file`.
        start: The first character to read, counted from 0.
        most: How many characters to read at most, up to a million.
    """
    if start < 0 or not 0 < most <= MOST:
        raise NodeError(
            f"`start` is 0 or more, and `most` from 1 to {MOST:,}; they are {start} and {most}",
            type="input",
            retry=False,
        )
    text = _text(await ctx.files.get(file), file)
    return {
        "name": str(file.get("name", "")),
        "media_type": str(file.get("media_type", "")),
        "text": text[start : start + most],
        "characters": len(text),
    }


def _text(content: bytes, file: FileRef) -> str:
    kind = str(file.get("media_type", ""))
    text = decoded(content, charset_in(kind))
    if text is None:
        if not kind.startswith(_TEXT):
            raise _no_text(kind)
        return content.decode("latin-1")  # old text files; every byte is a character
    if "\0" in text:
        raise _no_text(kind)
    return text


def _no_text(kind: str) -> NodeError:
    return NodeError(f"the file is no text ({kind or 'of an unknown type'})", type="input", retry=False)
