"""The use cases as an MCP server: published flows, agents and nodes as tools for any client.

Nothing here is imported before somebody asks: the library behind it is heavy.
"""
