"""An agent by the name that somebody gave: refused with one that is near."""

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
