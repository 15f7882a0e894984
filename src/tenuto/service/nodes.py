"""The node library for those who draw flows: its packages, its nodes with their forms, and one node tried on its own."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tenuto.core.flow import STRUCTURE, Flow, read
from tenuto.core.flow.kinds import KINDS
from tenuto.core.flow.names import MAX_NAME
from tenuto.core.problems import did_you_mean
from tenuto.ports.engine import Outcome, StartRequest
from tenuto.ports.records import BadCursor
from tenuto.sdk.definition import NodeDefinition
from tenuto.sdk.errors import BrokenNode, UnknownNode
from tenuto.sdk.package import Package
from tenuto.sdk.registry import Registry
from tenuto.service.inputs import check, prepare
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Invalid, Refused
from tenuto.service.starting import take_up_files

Json = object

PROJECT: Final = "project"  # the package of a project's own nodes
BUILT_IN: Final = "flow"  # of those that every flow has
PATIENCE: Final = 30.0  # how long a trial is waited for, in seconds
TRIED: Final = "try"  # the label of a trial's run


@dataclass(slots=True, frozen=True)
class NodeCard:
    """A node as a palette shows it. `trouble`: why it cannot be used, where it cannot."""

    type: str
    package: str
    description: str
    ports: tuple[str, ...]
    structure: bool = False
    effects: str = "idempotent"
    input_schema: Mapping[str, Json] | None = None
    output_schema: Mapping[str, Json] | None = None
    secrets: tuple[str, ...] = ()
    timeout: float | None = None
    trouble: str = ""


@dataclass(slots=True, frozen=True)
class Trial:
    """A node that was run on its own. `outcome` is None while its run has not ended."""

    run: str
    outcome: Outcome | None


def packages(registry: Mapping[str, NodeDefinition]) -> list[Package]:
    """The cards of everything there is, what every flow has first, a project's own nodes last."""
    built_in = Package("Flow", tuple(sorted(KINDS)), "workflow", "Built into every flow.", name=BUILT_IN)
    cards = _cards(registry)
    known = {name for card in cards for name in card.nodes}
    own = [name for name in registry if name not in known]
    project = [Package("Project", own, "folder", "Nodes of this project.", name=PROJECT)] if own else []
    return [built_in, *cards, *project]


def listing(
    registry: Mapping[str, NodeDefinition], *, package: str | None = None, q: str = "", after: str = "", limit: int = 50
) -> tuple[list[NodeCard], str | None]:
    """A page of the library, by package and type, and where the next one begins. `after`: the last type of the page before."""
    wanted = [name for name in _types(registry, package) if q.lower() in name.lower() or not q]
    if after:
        if after not in wanted:
            raise BadCursor
        wanted = wanted[wanted.index(after) + 1 :]
    page = [get(registry, name) for name in wanted[:limit]]
    return page, page[-1].type if len(wanted) > limit else None


def get(registry: Mapping[str, NodeDefinition], name: str) -> NodeCard:
    """One node with its form; refused if there is none of that name."""
    if name in STRUCTURE:
        kind = KINDS[name]
        return NodeCard(name, BUILT_IN, kind.about, kind.ports, structure=True)
    try:
        return _card(registry[name], _package_of(registry, name))
    except UnknownNode as error:
        hint = did_you_mean(name, [*registry, *STRUCTURE]) or error.hint
        raise Refused("not_found", f"there is no node `{name[:80]}`", hint) from None
    except BrokenNode as error:
        return NodeCard(name, _package_of(registry, name), "", (), trouble=str(error))


async def attempt(
    platform: Platform,
    who: Principal,
    name: str,
    given: Mapping[str, Json],
    *,
    stage: str | None = None,
    patience: float = PATIENCE,
) -> Trial:
    """Run one node alone, as a run like any other, and wait a while for its outcome. Never where production is."""
    who.needs("runs:write")
    return await run_alone(platform, who, name, given, stage=stage, patience=patience)


async def run_alone(
    platform: Platform, who: Principal, name: str, given: Mapping[str, Json], *, stage: str | None, patience: float
) -> Trial:
    """The same for who may. Never where production is."""
    where = await platform.flows.published.stage(who.tenant, stage)
    if where.production:
        raise Refused("forbidden", f"no node is tried on the production stage `{where.name}`", "name another stage")
    return await waited_for(platform, await start_alone(platform, who, name, given, stage=stage), patience)


async def start_alone(
    platform: Platform,
    who: Principal,
    name: str,
    given: Mapping[str, Json],
    *,
    stage: str | None = None,
    label: str = "",
) -> str:
    """Start a run of one node, wherever that is; its id. `label`: what is tried, where it is not the node itself."""
    where = await platform.flows.published.stage(who.tenant, stage)
    flow = flow_of_one(platform.registry, name, given)
    value = prepare(flow.input_schema, dict(given))
    run = platform.names.run_id()
    await take_up_files(platform, value, tenant=who.tenant, run=run)
    labels = {TRIED: label or name}
    await platform.engine.start(StartRequest(flow, value, run=run, stage=where.name, tenant=who.tenant, labels=labels))
    return run


async def waited_for(platform: Platform, run: str, patience: float) -> Trial:
    """Its outcome, if that comes in time."""
    try:
        async with asyncio.timeout(patience):
            return Trial(run, await platform.engine.outcome(run, until=frozenset({"waiting"})))
    except TimeoutError:
        return Trial(run, None)


def flow_of_one(registry: Mapping[str, NodeDefinition], name: str, given: Mapping[str, Json]) -> Flow:
    """A flow of that node alone. What it is given comes in as the flow's input, so nothing in it is an expression."""
    card = get(registry, name)
    if card.structure:
        raise Refused("invalid", f"`{name}` is a part of flows, which runs in one only", "start a flow that uses it")
    if card.trouble:
        raise Refused("invalid", f"`{name}` cannot be used: {card.trouble}")
    problems = check(card.input_schema, dict(given))
    if problems:
        raise Invalid(f"the input does not fit `{name}`", problems, problems[0].hint)
    keys = {key: "${input[" + json.dumps(key) + "]}" for key in given}
    document = {
        "flow": _flow_name(name),
        "input": {"schema": card.input_schema or {"type": "object"}},
        "nodes": {"node": {"use": name, "with": keys}},
        "output": "${node}",
    }
    flow, wrong = read(document)
    if flow is None:
        raise Invalid(f"`{name}` cannot be tried with this input", wrong)
    return flow


def _flow_name(name: str) -> str:
    return f"try-{re.sub(r'[^a-z0-9]+', '-', name)}"[:MAX_NAME].strip("-")


def _types(registry: Mapping[str, NodeDefinition], package: str | None) -> Iterator[str]:
    found = [card for card in packages(registry) if package in (None, card.name)]
    if package is not None and not found:
        hint = did_you_mean(package, [card.name for card in packages(registry)])
        raise Refused("not_found", f"there is no package of nodes `{package[:80]}`", hint)
    for card in found:
        yield from card.nodes


def _cards(registry: Mapping[str, NodeDefinition]) -> Sequence[Package]:
    return registry.cards() if isinstance(registry, Registry) else ()


def _package_of(registry: Mapping[str, NodeDefinition], name: str) -> str:
    return next((card.name for card in _cards(registry) if name in card.nodes), PROJECT)


def _card(node: NodeDefinition, package: str) -> NodeCard:
    return NodeCard(
        node.name,
        package,
        node.description,
        node.ports,
        effects=node.effects,
        input_schema=node.input_schema,
        output_schema=node.output_schema,
        secrets=node.secrets,
        timeout=node.timeout,
    )
