"""Whether what a tenant is offered has changed: its flows, its agents, whoever changed them. Nodes are those of the process.

The store is asked rather than the use cases: `tenuto flows publish` and other servers write there too.
"""

from tenuto.ports.store import Store
from tenuto.service.agent_sources import saved

PACE = 1.0  # seconds between two looks, while somebody waits to be told

Stamp = tuple[object, ...]


async def stamp(store: Store, tenant: str) -> Stamp:
    """Another one, if the list of tools may be another one."""
    async with store.read() as tx:
        flows = [(each.flow, each.stage, each.version) for each in await tx.publications.list(tenant)]
        agents = [(each.name, each.number) for each in await saved(tx, tenant)]
    return (sorted(flows), sorted(agents))
