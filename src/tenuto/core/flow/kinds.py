"""What each structure node is made of: the one table behind the reader, the editors' schema and the docs.

Library nodes are not here; they bring their own schema.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(slots=True, frozen=True)
class Kind:
    """`keys` stand beside `use`, `inputs` inside `with`. `ports` leaves out `error`, which every node has."""

    ports: tuple[str, ...]
    keys: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    required_inputs: tuple[str, ...] = ()
    timeout: bool = False
    retry: bool = False
    pool: bool = False
    about: str = ""


KINDS: Final[dict[str, Kind]] = {
    "set": Kind(("done",), inputs=("value",), required_inputs=("value",), about="Its output is the value."),
    "if": Kind(
        ("true", "false"),
        inputs=("condition",),
        required_inputs=("condition",),
        about="Fires `true` or `false`; its output is the boolean.",
    ),
    "switch": Kind(
        ("default",),
        inputs=("value", "cases"),
        required_inputs=("cases",),
        about="Fires the case that equals the value, or the first case whose condition is true, or `default`.",
    ),
    "map": Kind(
        ("done",),
        keys=("over", "as", "concurrency", "max_items", "nodes", "output"),
        required=("over", "nodes"),
        timeout=True,
        about="Runs its nodes once per item; its output is the list of the items' outputs, in order.",
    ),
    "loop": Kind(
        ("done", "exhausted"),
        keys=("carry", "until", "max", "nodes", "output"),
        required=("max", "nodes"),
        timeout=True,
        about="Runs its nodes turn after turn; its output is the last turn's output.",
    ),
    "wait": Kind(("done", "timeout"), inputs=("for", "until", "signal"), timeout=True, about="Waits, at no cost."),
    "approval": Kind(
        ("approved", "rejected", "timeout"),
        inputs=("question", "show", "form", "assignees"),
        required_inputs=("question",),
        timeout=True,
        about="Asks a person; its output is {by, at, comment, form}.",
    ),
    "call": Kind(
        ("done",),
        inputs=("flow", "version", "input"),
        required_inputs=("flow",),
        timeout=True,
        retry=True,
        about="Runs another flow as a child; its output is the child's.",
    ),
    "finish": Kind((), inputs=("output",), about="Ends the flow, item or turn it stands in, with that output."),
    "fail": Kind(
        (),
        inputs=("message", "type"),
        required_inputs=("message",),
        about="Fails the flow, item or turn it stands in, unless somebody waits for its `error`.",
    ),
}

LIBRARY: Final = Kind(("done",), timeout=True, retry=True, pool=True)

# Keys that any node may have; `timeout`, `retry` and `pool` where the table says so, `with` where there are inputs.
COMMON: Final = ("use", "description", "with", "after", "when", "on_error", "timeout", "retry", "pool")
FLOW_KEYS: Final = (
    "flow",
    "description",
    "input",
    "nodes",
    "output",
    "finally",
    "triggers",
    "timeout",
    "concurrency",
    "budget",
)

# Words of other systems, and what they are called here.
OTHER_WORDS: Final = {
    "needs": "after",
    "depends_on": "after",
    "dependsOn": "after",
    "depends": "after",
    "runAfter": "after",
    "run_after": "after",
    "type": "use",
    "uses": "use",
    "node": "use",
    "steps": "nodes",
    "tasks": "nodes",
    "jobs": "nodes",
    "inputs": "input",
    "params": "with",
    "parameters": "with",
    "args": "with",
    "config": "with",
    "if": "when",
    "condition": "when",
    "name": "flow",
    "id": "flow",
    "outputs": "output",
    "retries": "retry",
    "foreach": "over",
    "for_each": "over",
    "items": "over",
    "until_": "until",
    "max_turns": "max",
    "max_iterations": "max",
    "onError": "on_error",
    "error": "on_error",
    "on_failure": "on_error",
    "always": "finally",
    "trigger": "triggers",
    "on": "triggers",
}


def kind_of(use: str) -> Kind:
    return KINDS.get(use, LIBRARY)
