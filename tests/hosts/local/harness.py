"""A local host in a test: nodes of the suite, a journal in memory or on disk, flows from a dictionary."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tenuto.core.events import Fact
from tenuto.core.flow import Flow
from tenuto.hosts.local.host import LocalHost
from tenuto.hosts.local.opening import make_host
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import Outcome, StartRequest
from tenuto.ports.flows import Found, NoSuchFlow
from tenuto.stores.memory import MemoryJournal
from tenuto.testing import host_nodes

QUICK = Options(grace=0.3, shutdown=0.2, storage_retry=0.02)


class KnownFlows:
    """Flows by name."""

    def __init__(self) -> None:
        self.flows: dict[str, Flow] = {}

    async def find(
        self, name: str, version: str | None, *, stage: str, tenant: str, beside: str | None = None
    ) -> Found:
        flow = self.flows.get(name)
        if flow is None:
            raise NoSuchFlow(f"there is no flow `{name}`")
        return Found(flow, flow.hash)


class LocalHarness:
    """The suite's harness over a local host."""

    def __init__(self, host: LocalHost, flows: KnownFlows) -> None:
        self.host = host
        self.flows = flows

    async def start(
        self, flow: Flow, given: Any = None, *, flows: Mapping[str, Flow], origin: Mapping[str, Any] | None = None
    ) -> str:
        self.flows.flows.update(flows)
        return await self.host.start(StartRequest(flow, given, origin=origin))

    async def signal(self, run: str, name: str, payload: Any) -> None:
        await self.host.signal(run, name, payload)

    async def cancel(self, run: str) -> None:
        await self.host.cancel(run)

    async def outcome(self, run: str, until: frozenset[str] = frozenset()) -> Outcome:
        return await self.host.outcome(run, until=until)

    async def facts(self, run: str) -> Sequence[tuple[int, Fact]]:
        return await self.host.history.facts(run)


@asynccontextmanager
async def opened(
    journal: Any = None, nodes: Mapping[str, Any] | None = None, **more: Any
) -> AsyncGenerator[LocalHarness]:
    """A host that is closed afterwards; the journal is left as it is."""
    journal = MemoryJournal() if journal is None else journal
    flows = KnownFlows()
    registry = {**host_nodes.definitions(), **(nodes or {})}
    more.setdefault("options", QUICK)
    host = make_host(journal, journal, registry, flows, files_key=b"k" * 32, seed=1, **more)
    try:
        yield LocalHarness(host, flows)
    finally:
        await host.close()
