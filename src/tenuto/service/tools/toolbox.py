"""All that there is of tools in one process, put together by `bootstrap`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

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
