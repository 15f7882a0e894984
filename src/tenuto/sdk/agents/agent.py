"""An agent as its file says it: who it is, which model, which tools, and what it may not do alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tenuto.core.problems import Problem

RuntimeName = Literal["native", "langgraph", "agno", "strands"]
Source = Literal["catalog", "folder", "store", "inline"]

MAX_TURNS: Final = 25
INHERIT: Final = "inherit"  # the model that whoever runs it has chosen


@dataclass(slots=True, frozen=True, kw_only=True)
class Agent:
    """`prompt`: the body of the file. `version`: a hash of its content. `extra`: front matter that nobody here reads, kept.

    `model`: one, or several of which the first that answers is taken. `tools` and `approve` are names as the file writes
    them (`node:http.request`, `mcp:tickets/search`). `problems`: what is wrong with it, such as a tool that is not there.
    """

    name: str
    prompt: str
    version: str
    description: str = ""
    model: tuple[str, ...] = (INHERIT,)
    tools: tuple[str, ...] = ()
    team: str = ""
    runtime: RuntimeName = "native"
    max_turns: int = MAX_TURNS
    budget: Mapping[str, float] = field(default_factory=dict[str, float])  # `usd`, `tokens`
    approve: tuple[str, ...] = ()  # tools that need a person
    output: Mapping[str, Any] | None = None  # a JSON Schema
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    source: Source = "inline"
    problems: tuple[Problem, ...] = ()
