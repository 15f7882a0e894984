"""Whether an Ollama runs here, and which models it has: asked shortly, over a connection of its own."""

import asyncio
import json
from typing import Any, Final, cast
from urllib.parse import urlsplit

DEFAULT: Final = "127.0.0.1:11434"
PATIENCE: Final = 0.5  # seconds
_LARGEST: Final = 1_000_000  # bytes


def address(told: str) -> str:
    """`OLLAMA_HOST` as a URL: `http://HOST:PORT`. It may be a host, a host and a port, or a URL; 0.0.0.0 is where it listens."""
    parts = urlsplit(told if "://" in told else f"http://{told or DEFAULT}")
    host = "127.0.0.1" if parts.hostname in {None, "", "0.0.0.0"} else str(parts.hostname)  # noqa: S104  compared with
    port = parts.port or (443 if parts.scheme == "https" else 11434)
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


async def models_at(url: str, patience: float = PATIENCE) -> list[str]:
    """Names of the models there, the one used last first; nothing if nobody answers."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(patience):
            raw = await _get(str(parts.hostname), parts.port or 80, tls=parts.scheme == "https")
    except (OSError, TimeoutError, ValueError):
        return []
    return _names(raw)


async def _get(host: str, port: int, *, tls: bool) -> bytes:
    reader, writer = await asyncio.open_connection(host, port, ssl=tls or None)
    try:
        writer.write(f"GET /api/tags HTTP/1.0\r\nHost: {host}:{port}\r\nAccept: application/json\r\n\r\n".encode())
        whole = await reader.read(_LARGEST)
        while len(whole) < _LARGEST and (more := await reader.read(_LARGEST - len(whole))):
            whole += more
        return whole.partition(b"\r\n\r\n")[2]
    finally:
        writer.close()


def _names(raw: bytes) -> list[str]:
    try:
        told: Any = json.loads(raw)
    except ValueError:
        return []
    listed: Any = cast("dict[str, Any]", told).get("models") if isinstance(told, dict) else None
    if not isinstance(listed, list):
        return []
    rows = [cast("dict[str, Any]", row) for row in cast("list[Any]", listed) if isinstance(row, dict)]
    rows.sort(key=lambda row: str(row.get("modified_at", "")), reverse=True)
    return [str(row["name"]) for row in rows if isinstance(row.get("name"), str)]
