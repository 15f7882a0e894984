"""What came of a run of Agno. It raises little: most of what goes wrong is said in its output, which looks like an answer."""

from collections.abc import Awaitable
from typing import Any

from agno.run import RunStatus

from tenuto.sdk import NodeError
from tenuto.sdk.agents.leaving import WayOut


async def settled(running: Awaitable[Any], out: WayOut) -> Any:
    """The output of a run that has completed. Whatever ended it at a seam is raised as itself."""
    try:
        output = await running
    except Exception as error:  # noqa: BLE001  whatever Agno raises, it gave up
        out.end()
        raise NodeError(f"Agno gave up: {type(error).__name__}: {error}", type="agent") from None
    out.end()
    if output.status == RunStatus.completed:
        return output
    said = f": {output.content}" if output.content else ""
    raise NodeError(f"Agno ended the run as {output.status.value.lower()}{said}", type="agent")
