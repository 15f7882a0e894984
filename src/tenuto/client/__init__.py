"""A client of Tenuto's API, typed and async. It needs nothing else of Tenuto, and may live in another program.

async with Client("http://127.0.0.1:8090", token) as client:
    run = await client.runs.start("hello", {"name": "Ada"})
    async for event in client.runs.stream(run.id):
        print(event.seq, event.type)
"""

from types import TracebackType
from typing import Self

import httpx2

from tenuto.client.agents import Agents
from tenuto.client.approvals import Approvals
from tenuto.client.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    RateLimited,
    TenutoError,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from tenuto.client.files import Files
from tenuto.client.flows import Flows
from tenuto.client.models import Models
from tenuto.client.runs import Runs
from tenuto.client.shapes import (
    Agent,
    AgentState,
    Approval,
    Event,
    Execution,
    Model,
    Page,
    Run,
    SavedFlow,
    Tool,
    ToolCall,
)
from tenuto.client.tools import Tools
from tenuto.client.transport import Transport

__all__ = [
    "Agent",
    "AgentState",
    "Approval",
    "Client",
    "Conflict",
    "Event",
    "Execution",
    "Forbidden",
    "Invalid",
    "Model",
    "NotFound",
    "Page",
    "Problem",
    "RateLimited",
    "Run",
    "SavedFlow",
    "TenutoError",
    "Tool",
    "ToolCall",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
]


# However many runs are followed, another request finds a connection.
_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=20)


class Client:
    """`token`: an administrator's token, an access token or an API key. `tenant`: one of yours, if you have more than one.

    `attempts`: how often a request that can be asked again is made, with pauses in between. `asker`: an `httpx2.AsyncClient`
    of your own (its base URL counts), which stays yours to close.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        tenant: str | None = None,
        attempts: int = 6,
        timeout: float = 30.0,
        asker: httpx2.AsyncClient | None = None,
    ) -> None:
        self._own = asker is None
        self._asker = asker or httpx2.AsyncClient(base_url=url, timeout=timeout, limits=_LIMITS)
        self._asker.headers["Authorization"] = f"Bearer {token}"
        if tenant is not None:
            self._asker.headers["X-Tenant-Id"] = tenant
        transport = Transport(self._asker, attempts)
        self.runs = Runs(transport)
        self.flows = Flows(transport)
        self.files = Files(transport)
        self.approvals = Approvals(transport)
        self.agents = Agents(transport)
        self.models = Models(transport)
        self.tools = Tools(transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._own:
            await self._asker.aclose()
