"""`document.write`: a text becomes a file, kept as long as the run and handed on by reference."""

import re
from pathlib import PurePosixPath

from tenuto.sdk import Context, FileRef, NodeError, node

LONGEST_NAME = 200
_TYPES = {
    ".md": "text/markdown",
    ".txt": "text/plain",
    ".html": "text/html",
    ".css": "text/css",
    ".csv": "text/csv",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".xml": "application/xml",
    ".svg": "image/svg+xml",
    ".py": "text/x-python",
    ".ts": "text/typescript",
    ".tsx": "text/typescript",
    ".js": "text/javascript",
    ".sql": "application/sql",
}
_BAD = re.compile(r"[/\\]")


@node("document.write")
async def write(name: str, text: str, *, ctx: Context) -> FileRef:  # noqa: D417  `ctx` is no input
    """Write a text into a new file, and answer its reference.

    Args:
        name: What the file is called, such as `plan.md`: no folders. Its ending says what it is.
        text: The whole content.
    """
    if not name.strip(" .") or len(name) > LONGEST_NAME or _BAD.search(name) or not name.isprintable():
        raise NodeError(
            f"`{name[:60]!r}` is no name of a file: 1 to {LONGEST_NAME} characters, without folders",
            type="input",
            retry=False,
        )
    name = name.strip()
    media_type = _TYPES.get(PurePosixPath(name).suffix.lower(), "text/plain")
    return await ctx.files.put(text.encode("utf-8", "replace"), name=name, media_type=f"{media_type}; charset=utf-8")
