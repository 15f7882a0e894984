"""MCP servers asked through the official client, which is imported when the first server is."""

from tenuto.tools.mcp.connections import Connections

__all__ = ["Connections"]
