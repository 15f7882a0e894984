"""The flow documents behind the agent API: one agent alone, and the three in a row of a workflow.

They are ordinary documents, small and the same for the same words, so that a run of an agent is a run like any other. All
that was asked stands in the run's input, where it is read, compared and edited by a fork; the document only says which
of it there is.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final, get_args

from tenuto.core.flow import Flow, Library, read
from tenuto.core.problems import Problem
from tenuto.documents.validate import check_schema
from tenuto.ports.journal import RunEntry
from tenuto.sdk.agents.agent import RuntimeName
from tenuto.service.refusals import Invalid, did_you_mean

Json = object

NODE: Final = "agent"  # the id of the only node of an execution: its approvals are `agent/tool:2`
AGENT_LABEL: Final = "agent"  # of every run that is the execution of an agent: the agent's name
_FLOW: Final = "agent"
_OPTIONS: Final = ("model", "session", "runtime", "output")
_TAKEN: Final = frozenset({"agent", "task", *_OPTIONS})  # what the node takes itself (SEMANTICS 47)
_PARAMETER: Final = re.compile(r"[^\W\d][\w .-]{0,62}")
_RUNTIMES: Final[tuple[str, ...]] = get_args(RuntimeName)
_MOST_PARAMETERS: Final = 64
_LONGEST_FLOW: Final = 63

_INPUT: Final[Mapping[str, Json]] = {
    "type": "object",
    "properties": {
        "task": {"type": "string", "minLength": 1},
        "parameters": {"type": "object"},
        "model": {"type": "string"},
        "session": {"type": "string"},
        "runtime": {"type": "string"},
        "output": {"type": "object"},
    },
    "required": ["task"],
    "additionalProperties": False,
}


@dataclass(slots=True, frozen=True, kw_only=True)
class Order:
    """One task for one agent, and what is to be otherwise than its file says. `output`: a JSON Schema of the answer."""

    agent: str
    task: str
    parameters: Mapping[str, Json] = field(default_factory=dict[str, Json])
    model: str | None = None
    session: str | None = None
    runtime: str | None = None
    output: Mapping[str, Json] | None = None

    @property
    def input(self) -> dict[str, Json]:
        """Of the run: what was given."""
        said = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "agent"}
        return {name: value for name, value in said.items() if value not in (None, {})}

    @property
    def flow(self) -> str:
        return flow_of(self.agent)


def flow_of(agent: str) -> str:
    """The name of the flow whose runs are this agent's executions: `agent-copywriter`."""
    words = re.sub(r"[^a-z0-9]+", "-", agent.lower()).strip("-")
    return f"{_FLOW}-{words}"[:_LONGEST_FLOW].rstrip("-")


def agent_of(entry: RunEntry) -> str | None:
    """The agent whose execution this run is; None for any other run."""
    agent = entry.labels.get(AGENT_LABEL)
    return agent if agent is not None and entry.flow == flow_of(agent) else None


def execution(order: Order) -> dict[str, Json]:
    """The document of an execution. `Invalid` for what no agent could be given, such as a parameter named as the node's own."""
    _check(order)
    given = order.input
    asked: dict[str, Json] = {"agent": order.agent, "task": "${input.task}"}
    asked |= {name: f"${{input.{name}}}" for name in _OPTIONS if name in given}
    asked |= {name: f"${{input.parameters[{json.dumps(name, ensure_ascii=False)}]}}" for name in order.parameters}
    return {
        "flow": order.flow,
        "input": {"schema": _INPUT},
        "nodes": {NODE: {"use": "agent", "with": asked}},
        "output": f"${{{NODE}}}",
    }


def read_flow(document: Mapping[str, Json], library: Library) -> Flow:
    """A document of our own making. `Invalid` where the library cannot run it."""
    flow, problems = read(document, library)
    if flow is None:
        raise Invalid("the agent cannot be run here", [each for each in problems if each.severity == "error"])
    return flow


def _check(order: Order) -> None:
    problems = [
        Problem(f"parameters.{name[:40]}", "parameter", said, hint)
        for name in order.parameters
        for said, hint in _wrong(name)
    ]
    if len(order.parameters) > _MOST_PARAMETERS:
        problems.append(Problem("parameters", "too_many", f"an agent takes at most {_MOST_PARAMETERS} parameters"))
    if order.runtime is not None and order.runtime not in _RUNTIMES:
        hint = did_you_mean(order.runtime[:40], _RUNTIMES) or f"there are {', '.join(_RUNTIMES)}"
        problems.append(Problem("runtime", "unknown_runtime", f"there is no runtime `{order.runtime[:40]}`", hint))
    if order.output is not None:
        problems += check_schema(order.output, "output")
    if problems:
        raise Invalid("the request", problems, problems[0].hint)


def _wrong(name: str) -> list[tuple[str, str]]:
    if name in _TAKEN:
        return [(f"`{name}` is a field of the request itself", "put it beside `parameters`, not in it")]
    if _PARAMETER.fullmatch(name) is None:
        return [
            (
                "this is no name of a parameter",
                "a letter, then letters, digits, `_`, `-`, `.` and spaces, 63 in all at most",
            )
        ]
    return []
