"""What a server says, within bounds."""

import mcp_types as types
import pytest

from tenuto.tools.mcp.reading import LARGEST, tools_of


def test_a_tool_that_nobody_could_read_is_none():
    """To show what has changed of it would take the server hours."""
    schema = {"type": "object", "properties": {"choice": {"enum": [f"{n:05}" for n in range(LARGEST // 5)]}}}

    found = tools_of([types.Tool(name="huge", input_schema=schema), types.Tool(name="pay", input_schema={})], print)

    assert [tool.name for tool in found] == ["pay"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "*",
        "../../etc/passwd",
        "a/../b",
        "-a",
        "a" * 129,
        "p\N{CYRILLIC SMALL LETTER A}ypal",
        "a b",
        "a\u202eb",
        "a\0b",
        "a\n",
    ],
)
def test_a_name_that_no_tool_can_have_is_left_out_and_said(name: str) -> None:
    """It would look like another one, or be taken for a path or a pattern."""
    said: list[str] = []

    found = tools_of([types.Tool(name=name, input_schema={}), types.Tool(name="pay", input_schema={})], said.append)

    assert [tool.name for tool in found] == ["pay"]
    assert ascii(name[:80]) in said[0]
    assert said[0].isprintable()


def test_a_name_that_comes_twice_is_nobodys() -> None:
    said: list[str] = []

    found = tools_of([types.Tool(name=name, input_schema={}) for name in ("pay", "list.all", "pay")], said.append)

    assert [tool.name for tool in found] == ["list.all"]
    assert "comes twice" in said[0]
