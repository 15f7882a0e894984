"""Definitions of tools as somebody approved them: whatever a server says later is held against that.

A model is only ever told what is pinned. A tool whose definition has changed is not called, and one that is new is not
there, until an administrator has seen what is different.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any, Final, Literal

from tenuto.ports.mcp import McpTool
from tenuto.ports.mcp_servers import McpPin

# Lines. Finding the least that differs takes their product, and a server that means harm may have thousands.
_COMPARED: Final = 1_000

State = Literal["approved", "changed", "new", "gone"]


@dataclass(slots=True, frozen=True)
class ToolState:
    """`diff`: lines that differ from what was approved, where something does."""

    name: str
    state: State
    description: str
    hash: str
    diff: tuple[str, ...] = ()


def definition_of(tool: McpTool) -> dict[str, Any]:
    """All of a tool that a model or this program relies on."""
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "output": tool.output,
        "hints": dict(tool.hints),
    }


def tool_of(pin: McpPin) -> McpTool:
    said = pin.definition
    return McpTool(said["name"], said["description"], said["parameters"], said.get("output"), said.get("hints", {}))


def hash_of(tool: McpTool) -> str:
    said = json.dumps(definition_of(tool), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def compare(pins: Sequence[McpPin], offered: Sequence[McpTool]) -> list[ToolState]:
    """What was approved and what is offered now, by name."""
    approved = {pin.tool: pin for pin in pins if pin.tool}
    there = {tool.name: tool for tool in offered}
    return [_state(name, approved.get(name), there.get(name)) for name in sorted(approved.keys() | there.keys())]


def _state(name: str, pin: McpPin | None, tool: McpTool | None) -> ToolState:
    if tool is None:
        assert pin is not None
        return ToolState(name, "gone", str(pin.definition.get("description", "")), pin.hash)
    found = hash_of(tool)
    if pin is None:
        return ToolState(name, "new", tool.description, found, _lines({}, definition_of(tool)))
    if pin.hash == found:
        return ToolState(name, "approved", tool.description, found)
    return ToolState(name, "changed", tool.description, found, _lines(pin.definition, definition_of(tool)))


def _lines(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Whole lines: what is not shown would be approved unseen."""
    old, new = _text(before), _text(after)
    if len(old) + len(new) <= _COMPARED:
        return tuple(unified_diff(old, new, "approved", "offered", lineterm="", n=1))
    same = _alike(old, new)
    end = _alike(old[same:][::-1], new[same:][::-1])
    gone, come = old[same : len(old) - end], new[same : len(new) - end]
    return (f"@@ from line {same + 1} @@", *(f"-{line}" for line in gone), *(f"+{line}" for line in come))


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines they begin with are the same."""
    return next(
        (n for n, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), min(len(one), len(other))
    )


def _text(definition: Mapping[str, Any]) -> list[str]:
    return json.dumps(definition, indent=1, sort_keys=True, ensure_ascii=True).splitlines() if definition else []
