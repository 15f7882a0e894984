"""`tenuto mcp` on its own."""

import importlib
from pathlib import Path

from tenuto.cli.agent_house import place_with
from tenuto.cli.house import user
from tenuto.ports.engine import Refused
from tenuto.ports.journal import Owned


def serve(data: Path | None, stage: str | None, flows: Path | None, agents: Path | None) -> int:
    place = place_with(data, None, agents)
    if flows is not None and not flows.is_dir():
        raise Refused("invalid", f"there is no directory {flows}", "--flows names a folder with flows in it")
    try:
        skin = importlib.import_module("tenuto.mcp.stdio")  # by name: skins do not know each other
        code: int = skin.serve(place.settings, user(), stage, flows)
    except ImportError as error:
        raise Refused(
            "invalid", f"an MCP server needs the extra `mcp` ({error})", "pip install 'tenuto[mcp]'"
        ) from None
    except Owned:
        hint = "connect to its address followed by /mcp, with a key as the bearer token"
        raise Refused("conflict", f"a server owns {place.data}", hint) from None
    return code
