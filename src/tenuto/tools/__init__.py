"""Adapters of what agents call: MCP servers."""
