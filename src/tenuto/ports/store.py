"""The store: everything that is kept but the journal. One request, one transaction; nobody else calls commit.

    async with store.write() as tx:
        version, new = await tx.versions.add(...)
        await tx.publications.put(...)

- Leaving the block commits, durably; raising rolls back. A transaction is one task's, and ends with its block.
- `write()` in a block of `write()` of the same task is refused (`RuntimeError`): it would wait for itself.
- Each statement of `read()` sees what was committed before it; a reader never waits for a writer's block to end, and
  never holds one up. Inside a `write()` block `read()` sees what was there before it.
- Any number may ask for `write()` at once; nobody is told that the database is locked.
- Text that cannot be kept (a NUL, half a surrogate pair) is `Refused("invalid")`; a full disk is `StorageFull`; a
  database that cannot be reached is `Unavailable`.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from tenuto.ports.agents import StoredAgents
from tenuto.ports.audit import Audit
from tenuto.ports.claims import Claims
from tenuto.ports.conversations import Conversations
from tenuto.ports.deliveries import Deliveries
from tenuto.ports.drafts import Drafts
from tenuto.ports.flow_list import FlowList
from tenuto.ports.housekeeping import Housekeeping
from tenuto.ports.http_tools import HttpTools
from tenuto.ports.keys import KeyRing, Keys
from tenuto.ports.mcp_servers import McpPins, McpServers
from tenuto.ports.memberships import Memberships
from tenuto.ports.notes import Notes
from tenuto.ports.outbox import Outbox
from tenuto.ports.publications import Publications
from tenuto.ports.roles import Roles
from tenuto.ports.schedules import Schedules
from tenuto.ports.sealed import Secrets
from tenuto.ports.session_lines import SessionLines
from tenuto.ports.sessions import Sessions
from tenuto.ports.stages import Stages
from tenuto.ports.tenants import Tenants
from tenuto.ports.users import Users
from tenuto.ports.values import Values
from tenuto.ports.versions import Versions
from tenuto.ports.webhooks import WebhookDeliveries, WebhookQueue, Webhooks


@dataclass(slots=True, kw_only=True)
class Transaction:
    """One small port a noun."""

    agents: StoredAgents
    audit: Audit
    claims: Claims
    conversations: Conversations
    deliveries: Deliveries
    drafts: Drafts
    flows: FlowList
    housekeeping: Housekeeping
    http_tools: HttpTools
    key_ring: KeyRing
    keys: Keys
    mcp_pins: McpPins
    mcp_servers: McpServers
    memberships: Memberships
    notes: Notes
    outbox: Outbox
    publications: Publications
    roles: Roles
    schedules: Schedules
    sealed: Secrets
    session_lines: SessionLines
    sessions: Sessions
    stages: Stages
    tenants: Tenants
    users: Users
    variables: Values
    versions: Versions
    webhook_deliveries: WebhookDeliveries
    webhook_queue: WebhookQueue
    webhooks: Webhooks
    after: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call this on the event loop once the transaction is committed, and never if it is not: to drop a cache, to
        wake a worker. It must not raise; who has more to do starts a task."""
        self.after.append(call)


class Store(Protocol):
    def write(self) -> AbstractAsyncContextManager[Transaction]: ...

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        """Writing in it is refused by the database."""
        ...

    async def close(self) -> None:
        """Nothing is asked of it afterwards."""
        ...
