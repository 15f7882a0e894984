"""`web.fetch`: one page as text, with its title and its links. Public addresses only, as every request of a node.

No script is run: a page that is built by scripts in the browser has little text here, and that is what the answer shows.
"""

import asyncio
from typing import TypedDict

from tenuto.nodes.web.plain import plain
from tenuto.sdk import Context, NodeError, node
from tenuto.sdk.decoding import charset_in, decoded
from tenuto.sdk.http import Response

MOST = 500_000  # characters of text
MOST_HTML = 2_000_000
_HEAD = 2_048  # bytes in which a page may name its charset
_UNSEEN = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160)))  # but tabs and ends of lines
_HTML = ("text/html", "application/xhtml+xml")


class Page(TypedDict):
    """`url`: where it was found in the end. `characters`: of the whole text, of which `text` may be the beginning.
    `links`: `{text, url}` each."""

    url: str
    title: str
    text: str
    characters: int
    links: list[dict[str, str]]


@node("web.fetch")
async def fetch(url: str, most: int = 20_000, links: int = 50, *, ctx: Context) -> Page:  # noqa: D417  `ctx` is no input
    """Read a web page as plain text, with its title and links. No script is run.

    Args:
        url: http:// or https://
        most: How many characters of text to answer at most, up to 500,000.
        links: How many links to answer at most, up to 500.
    """
    if not 0 < most <= MOST or not 0 <= links <= 500:
        raise NodeError("`most` is 1 to 500,000, `links` is 0 to 500", type="input", retry=False)
    response = await ctx.http.get(url, headers={"Accept": "text/html, text/plain;q=0.9, */*;q=0.5"})
    response.raise_for_status()
    if not response.is_text:
        said = f"{url} is no page but {response.media_type}: `http.request` fetches files"
        raise NodeError(said, type="input", retry=False)
    text = _text(response, page=response.media_type in _HTML)
    if response.media_type not in _HTML:
        return {"url": response.url, "title": "", "text": text[:most], "characters": len(text), "links": []}
    page = await asyncio.to_thread(plain, text[:MOST_HTML], response.url)  # others go on meanwhile
    return {
        "url": response.url,
        "title": page.title,
        "text": page.text[:most],
        "characters": len(page.text),
        "links": page.links[:links],
    }


def _text(response: Response, *, page: bool) -> str:
    """Without what only a terminal would obey. A page may name its charset in its head; one that names none is UTF-8, or old."""
    named = charset_in(response.headers.get("content-type", ""))
    if page and not named:
        named = charset_in(response.content[:_HEAD].decode("latin-1"))
    text = decoded(response.content, named)
    return (response.content.decode("cp1252", "replace") if text is None else text).translate(_UNSEEN)
