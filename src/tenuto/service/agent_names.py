"""An agent by the name that somebody gave: refused with one that is near."""

from collections.abc import Iterable, Iterator, Sequence

from tenuto.core.flow.findings import mapping
from tenuto.core.problems import Problem
from tenuto.documents.agent_file import kebab
from tenuto.ports.agent_source import AgentSource
from tenuto.sdk.agents import Agent
from tenuto.sdk.errors import NodeError
from tenuto.service.refusals import Refused, did_you_mean


async def find(source: AgentSource, name: str, *, tenant: str) -> Agent:
    """By its name, or by its title (`Backend Developer`)."""
    try:
        found = await source.find(name, tenant=tenant) or await source.find(kebab(name), tenant=tenant)
    except NodeError as error:
        raise Refused("invalid", str(error), "mend its file, or save it anew") from None
    if found is not None:
        return found
    names = await source.names(tenant=tenant)
    hint = did_you_mean(kebab(name), names) or "GET /v1/agents and `tenuto agents list` show those that there are"
    raise Refused("not_found", f"there is no agent `{name[:80]}`", hint)


def agents_named(document: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Paths and names of the agents that a flow's document names itself, bodies of maps and loops included."""
    nodes = mapping((mapping(document) or {}).get("nodes")) or {}
    for id_, node in nodes.items():
        where = f"{path}nodes.{id_}"
        said = mapping(node) or {}
        name = (mapping(said.get("with")) or {}).get("agent")
        if said.get("use") == "agent" and isinstance(name, str) and "${" not in name:
            yield f"{where}.with.agent", name
        yield from agents_named(node, f"{where}.")
    if "finally" in (mapping(document) or {}):
        yield from agents_named((mapping(document) or {})["finally"], f"{path}finally.")


def unknown_agents(named: Iterable[tuple[str, str]], known: Sequence[str]) -> list[Problem]:
    """A warning for each that is not there: whoever runs the flow may have it."""
    return [
        Problem(path, "unknown_agent", f"there is no agent `{name[:80]}` here", did_you_mean(name, known), "warning")
        for path, name in named
        if name not in known
    ]
