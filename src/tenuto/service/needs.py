"""What a flow needs around it: flows that it calls, agents, variables, secrets, nodes. Pure: read off the checked flow."""

from collections.abc import Iterator
from dataclasses import dataclass

from tenuto.core.flow import Body, Flow, Node
from tenuto.core.flow.findings import under


@dataclass(slots=True, frozen=True)
class Call:
    """A `call` whose flow is written out. `path`: of the node, as problems say it. `version`: a number or a hash."""

    path: str
    flow: str
    version: str | None = None


@dataclass(slots=True, frozen=True)
class Employs:
    """A node that gives a task to an agent whose name is written out."""

    path: str
    agent: str


@dataclass(slots=True, frozen=True)
class Needs:
    """By name, sorted. `nodes` are types of the library; `worked_out`: calls whose flow only the run knows."""

    variables: tuple[str, ...]
    secrets: tuple[str, ...]
    nodes: tuple[str, ...]
    calls: tuple[Call, ...]
    worked_out: tuple[str, ...]
    agents: tuple[Employs, ...] = ()


def needs_of(flow: Flow) -> Needs:
    nodes = list(_nodes(flow))
    calls = [(path, node) for path, node in nodes if node.use == "call"]
    return Needs(
        variables=tuple(sorted(flow.vars)),
        secrets=tuple(sorted(flow.secrets)),
        nodes=tuple(sorted({node.use for _, node in nodes if node.is_library})),
        calls=tuple(call for path, node in calls if (call := _call(path, node))),
        worked_out=tuple(path for path, node in calls if _call(path, node) is None),
        agents=tuple(employed for path, node in nodes if (employed := _employs(path, node))),
    )


def _nodes(flow: Flow) -> Iterator[tuple[str, Node]]:
    bodies: list[tuple[str, Body]] = [("nodes", flow.body)]
    if flow.finally_ is not None:
        bodies.append(("finally.nodes", flow.finally_))
    for path, body in bodies:
        for node in body.nodes.values():
            at = under(path, node.id)
            yield at, node
            if node.body is not None:
                bodies.append((f"{at}.nodes", node.body))


def _call(path: str, node: Node) -> Call | None:
    name, version = node.with_.get("flow"), node.with_.get("version")
    if name is None or not name.is_literal or (version is not None and not version.is_literal):
        return None
    return Call(path, str(name.source), None if version is None else str(version.source))


def _employs(path: str, node: Node) -> Employs | None:
    name = node.with_.get("agent") if node.use == "agent" else None
    if name is None or not name.is_literal or not isinstance(name.source, str):
        return None
    return Employs(path, name.source)
