"""All that there is of tools in one process, put together by `bootstrap`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from tenuto.ports.store import Store
from tenuto.service.shelf import Shelf
from tenuto.service.tools.http import HttpTools
from tenuto.service.tools.mcp import McpTools
from tenuto.service.tools.router import Router


@dataclass(slots=True, frozen=True)
class Toolbox:
    """`router` finds them; the others are also cared for by administrators. `aclose` ends connections and processes."""

    router: Router
    http: HttpTools
    mcp: McpTools
    aclose: Callable[[], Awaitable[None]]


class Workshop(Protocol):
    """Where tools are cared for: a server's platform, or a data directory without one."""

    @property
    def tools(self) -> Toolbox: ...

    @property
    def store(self) -> Store: ...

    @property
    def flows(self) -> Shelf:
        """It knows the stages."""
        ...
