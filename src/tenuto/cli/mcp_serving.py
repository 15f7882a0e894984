"""`tenuto mcp` on its own."""

import importlib
from pathlib import Path

from tenuto.cli.house import place_of, user
from tenuto.ports.engine import Refused
from tenuto.ports.journal import Owned


def serve(data: Path | None, stage: str | None) -> int:
    place = place_of(data)
    try:
        skin = importlib.import_module("tenuto.mcp.stdio")  # by name: skins do not know each other
        code: int = skin.serve(place.settings, user(), stage)
    except ImportError as error:
        raise Refused(
            "invalid", f"an MCP server needs the extra `mcp` ({error})", "pip install 'tenuto[mcp]'"
        ) from None
    except Owned:
        hint = "connect to its address followed by /mcp, with a key as the bearer token"
        raise Refused("conflict", f"a server owns {place.data}", hint) from None
    return code
