"""Agents that leave and come with the flows that name them: the tenant's own. Those of the catalog are everywhere."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tenuto.core.flow import Flow
from tenuto.core.problems import Problem
from tenuto.ports.store import Transaction
from tenuto.service import agents
from tenuto.service.agent_shelf import AgentShelf
from tenuto.service.agent_sources import read_version
from tenuto.service.agents import Checked, Saved
from tenuto.service.bundles import Bundle, Files, agent_file, located
from tenuto.service.needs import needs_of
from tenuto.service.principal import Principal

_TOOL = "agent:"  # how an agent names another that it may call


@dataclass(slots=True)
class ArrivingAgents:
    """By name, checked. What is wrong with them refuses the bundle."""

    checked: dict[str, Checked] = field(default_factory=dict[str, Checked])
    errors: list[Problem] = field(default_factory=list[Problem])


async def leaving(shelf: AgentShelf, tx: Transaction, who: Principal, flows: Iterable[Flow]) -> Files:
    """The files of the agents that the flows name, and of those that these may call."""
    files: dict[str, bytes] = {}
    waiting = [each.agent for flow in flows for each in needs_of(flow).agents]
    while waiting:
        name = waiting.pop()
        version = None if agent_file(name) in files else await tx.agents.get(who.tenant, name)
        if version is not None:
            files[agent_file(name)] = version.source.encode()
            agent = read_version(version, shelf.sources).agent
            waiting += [] if agent is None else [tool[len(_TOOL) :] for tool in agent.tools if tool.startswith(_TOOL)]
    if files:
        who.needs("agents:read")
    return files


async def arriving(bundle: Bundle) -> ArrivingAgents:
    """Check the files of a bundle, before any transaction."""
    found = ArrivingAgents()
    for name, content in bundle.agents.items():
        checked, file = await agents.check(content, name=name), agent_file(name)
        found.errors += [located(problem, file) for problem in checked.loaded.errors]
        if checked.loaded.agent is not None and checked.loaded.agent.name != name:
            said = f"this file holds the agent `{checked.loaded.agent.name}`"
            hint = f"call the file `{agent_file(checked.loaded.agent.name)}`"
            found.errors.append(Problem(f"{file}: name", "wrong_name", said, hint))
        found.checked[name] = checked
    return found


async def admit(shelf: AgentShelf, tx: Transaction, who: Principal, found: ArrivingAgents) -> list[Saved]:
    """Save each of them."""
    if found.checked:
        who.needs("agents:write")
    return [await agents.save(shelf, tx, who, name, checked) for name, checked in sorted(found.checked.items())]


async def missing(
    shelf: AgentShelf, who: Principal, found: ArrivingAgents, flows: Iterable[tuple[str, Flow]]
) -> list[Problem]:
    """Agents that the flows name, each with its file, and that are neither here nor in the bundle."""
    known = {*found.checked, *await shelf.names(tenant=who.tenant)}
    return [
        Problem(
            f"{file}: {each.path}.with.agent",
            "missing_agent",
            f"the agent `{each.agent[:80]}` is not here yet",
            "",
            "warning",
        )
        for file, flow in flows
        for each in needs_of(flow).agents
        if each.agent not in known
    ]
