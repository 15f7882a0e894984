"""What a server says, within bounds."""

import mcp_types as types

from tenuto.tools.mcp.reading import LARGEST, tools_of


def test_a_tool_that_nobody_could_read_is_none():
    """To show what has changed of it would take the server hours."""
    schema = {"type": "object", "properties": {"choice": {"enum": [f"{n:05}" for n in range(LARGEST // 5)]}}}

    found = tools_of([types.Tool(name="huge", input_schema=schema), types.Tool(name="pay", input_schema={})])

    assert [tool.name for tool in found] == ["pay"]
