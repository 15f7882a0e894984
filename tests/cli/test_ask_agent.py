"""What an agent asks, answered at the terminal: arguments that are changed are asked for one by one."""

from collections.abc import Mapping
from typing import Any

import pytest

from tenuto.cli.ask_agent import ask_agent
from tenuto.service.projection import Wait

CLOSED: dict[str, Any] = {"type": "object", "properties": {"parcel": {"type": "string"}}, "required": ["parcel"]}


class Typed:
    """A person who types these lines; a form is answered with its defaults, over which theirs stand."""

    def __init__(self, *lines: str, **filled: Any) -> None:
        self._lines = list(lines)
        self._filled = filled
        self.forms: list[Mapping[str, Any]] = []

    async def line(self, prompt: str) -> str:
        del prompt
        return self._lines.pop(0)

    async def fill_in(self, form: Mapping[str, Any]) -> Any:
        self.forms.append(form)
        fields = form["properties"].items()
        return {name: field["default"] for name, field in fields if "default" in field} | self._filled


def wait(schema: dict[str, Any], **arguments: Any) -> Wait:
    ask: dict[str, Any] = {
        "kind": "approval",
        "question": "Send it?",
        "arguments": arguments,
        "schema": schema,
        "hash": "h",
    }
    return Wait("agent", "approval", "agent/tool:1", ask=ask)


async def test_an_edit_begins_with_what_the_agent_said() -> None:
    """Field by field; what the schema does not name stays as it was."""
    typed = Typed("e", parcel="P-8")

    answer = await ask_agent(wait(CLOSED, parcel="P-7", extra=1), typed)

    assert typed.forms[0]["properties"] == {"parcel": {"type": "string", "default": "P-7"}}
    assert answer == {"approved": True, "form": {"arguments": {"extra": 1, "parcel": "P-8"}}}


@pytest.mark.parametrize(("typed", "arguments"), [("", {"n": 1}), ('{"n": 2}', {"n": 2})], ids=["kept", "changed"])
async def test_where_a_schema_names_nothing_they_are_edited_as_a_whole(typed: str, arguments: dict[str, Any]) -> None:
    """An empty line keeps them."""
    answer = await ask_agent(wait({"type": "object"}, n=1), Typed("e", typed))

    assert answer == {"approved": True, "form": {"arguments": arguments}}
