"""Reuse: what another run recorded, offered to this one. A retry and a fork are runs with an origin."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tenuto.core.events import Fact, NodeReused, NodeSucceeded, StepRecorded, StepsDropped
from tenuto.core.flow.model import Body, Flow, Node
from tenuto.core.machine.state import Json, NodeState, Origin, Result, State
from tenuto.core.values import digest, is_object, recordable

_PART: Final = re.compile(r"([a-z][a-z0-9_]*)(?:\[(\d+)\])?")


def offer(state: State, ns: NodeState) -> bool:
    """Whether the node is answered by the origin (a verdict is left), or by an edit."""
    origin = state.origin
    if origin is None:
        return False
    if _redone(origin, ns.path):
        return False
    result = origin.results.get(ns.path)
    if result is not None and result.definition == ns.node.definition and _same_input(ns, result):
        state.judge(ns, "reuse", (origin.run, result.port, result.output))
        return True
    steps = origin.steps.get(ns.path)
    if steps and not ns.steps and f"{ns.path}.input" not in origin.edits:
        state.judge(ns, "inherit", steps)
        return True
    return False


def edited(state: State, ns: NodeState) -> bool:
    """Whether the output was given with the fork: then the node has it, whatever its kind, and does not run."""
    origin = state.origin
    key = f"{ns.path}.output"
    if origin is None or key not in origin.edits:
        return False
    output = origin.edits[key]
    state.judge(ns, "reuse", ("edit", _port_of(ns, output, origin.results.get(ns.path)), output))
    return True


def _port_of(ns: NodeState, output: Json, known: Result | None) -> str:
    """The port that an output given by hand fires: what it says itself, else the one that fired before."""
    use, cases = ns.node.use, ns.node.cases
    if use == "if":
        return "true" if output is True else "false"
    if use == "switch":
        return output if isinstance(output, str) and output in cases else "default"
    if known is not None:
        return known.port
    return "approved" if use == "approval" else "done"


def _same_input(ns: NodeState, result: Result) -> bool:
    mine, theirs = recordable(ns.input), result.input
    if ns.node.use == "approval":
        mine, theirs = _shown(mine), _shown(theirs)
    return digest(mine) == digest(theirs)


def _shown(bound: Json) -> Json:
    return [bound.get("question"), bound.get("show")] if is_object(bound) else None


def _redone(origin: Origin, path: str) -> bool:
    return bool(origin.redo) and any(part in origin.redo for part in places(path))


def places(path: str) -> Iterator[tuple[str, str]]:
    """(prefix of the scope, node id) for the node at a path and every container around it."""
    prefix = ""
    for part in path.split("."):
        match = _PART.fullmatch(part)
        if match is None:
            return
        yield prefix, match[1]
        prefix = f"{prefix}{part}."


def node_at(flow: Flow, path: str) -> Node | None:
    """The node of the document that a path means, whichever item or turn."""
    bodies: list[Body | None] = [flow.body, flow.finally_]
    node: Node | None = None
    for _, name in places(path):
        node = next((body.nodes[name] for body in bodies if body is not None and name in body.nodes), None)
        if node is None:
            return None
        bodies = [node.body]
    return node


def origin_of(
    flow: Flow,
    facts: Iterable[Fact],
    *,
    run: str,
    onto: Flow | None = None,
    before: int | None = None,
    redo: str | None = None,
    edits: Mapping[str, Json] | None = None,
    keep_steps: bool = False,
) -> Origin:
    """What a run of `flow` with these facts offers to its successor.

    `onto`: the successor's flow, where it was edited. `before`: only what was recorded up to that seq. `redo`: this
    path and what follows from it run anew. `keep_steps`: of nodes without a result, the steps are taken over (a retry; a fork
    at a fact, which goes on from the middle of a node).
    """
    results: dict[str, Result] = {}
    steps: dict[str, dict[str, tuple[str, Json]]] = {}
    for seq, fact in enumerate(facts, 1):
        if before is not None and seq > before:
            break
        if isinstance(fact, NodeSucceeded | NodeReused):
            node = node_at(flow, fact.path)
            if node is not None:
                results[fact.path] = Result(node.definition, fact.input, fact.port, fact.output)
                steps.pop(fact.path, None)
        elif isinstance(fact, StepRecorded):
            steps.setdefault(fact.path, {})[fact.key] = (fact.input_hash, fact.output)
        elif isinstance(fact, StepsDropped):
            drop_steps(steps.get(fact.path, {}), fact.key)
    return Origin(
        run=run,
        results=results,
        steps=steps if keep_steps else {},
        redo=_downstream(onto or flow, redo) if redo else frozenset(),
        edits=dict(edits or {}),
    )


def drop_steps(steps: dict[str, tuple[str, Json]], key: str) -> list[str]:
    """Remove the step and all later ones; their keys."""
    keys = list(steps)
    dropped = keys[keys.index(key) :] if key in steps else []
    for each in dropped:
        del steps[each]
    return dropped


def _downstream(flow: Flow, path: str) -> frozenset[tuple[str, str]]:
    """The places of a path and of everything that may depend on it, in its body and in those around."""
    marked: set[tuple[str, str]] = set()
    parts = list(places(path))
    in_finally = flow.finally_ is not None and bool(parts) and parts[0][1] in flow.finally_.nodes
    body: Body | None = flow.finally_ if in_finally else flow.body
    for depth, (prefix, name) in enumerate(parts):
        if body is None or name not in body.nodes:
            return frozenset()
        own = _dependents(body, name)
        marked.update((prefix, each) for each in own)
        if depth == len(parts) - 1:
            marked.add((prefix, name))
        body = body.nodes[name].body
    return frozenset(marked)


def _dependents(body: Body, name: str) -> set[str]:
    found: set[str] = set()
    pending = [name]
    while pending:
        for dependent, _ in body.dependents.get(pending.pop(), ()):
            if dependent not in found:
                found.add(dependent)
                pending.append(dependent)
    return found
