"""What went wrong with a server, in a sentence. Part of it is the server's own words: text of strangers."""

from typing import Any, cast

from tenuto.tools.mcp.seen import seen


def said_of(error: BaseException) -> str:
    """The first thing that went wrong, of what may be a group of things, on one line."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    if isinstance(error, FileNotFoundError):
        return f"there is no program {error.filename}"
    if isinstance(error, TimeoutError) or _is_late(error):
        return "no answer in time"
    found = getattr(error, "errors", None)
    text = _of_shape(found()) if callable(found) else str(error)
    if text.startswith("Failed to parse"):
        return "what it answered is no message"
    return " ".join(seen(text).split()) or type(error).__name__


def _is_late(error: BaseException) -> bool:
    from mcp.shared.exceptions import MCPError
    from mcp_types import REQUEST_TIMEOUT

    return isinstance(error, MCPError) and error.error.code == REQUEST_TIMEOUT


def _of_shape(found: Any) -> str:
    """What pydantic says of an answer that does not have the shape of one."""
    first, more = found[0], len(found) - 1
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"]).lstrip(".")
    return f"{place}: {first['msg']}" + (f" (and {more} more)" if more else "")
