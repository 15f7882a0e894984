"""Agno: a runtime for agent files, and nodes that run agents and teams of one's own. Nothing of Agno is imported before it is used.

By itself it reports every run to its makers and writes what goes wrong to the terminal: here it does neither. What went
wrong is said by the node.
"""

import logging
import os
from typing import TYPE_CHECKING

from tenuto.sdk import Package

if TYPE_CHECKING:
    from tenuto.sdk.agents.runtime import Runtime

os.environ["AGNO_TELEMETRY"] = "false"  # it wins over what an agent says of itself
if os.environ.get("AGNO_DEBUG", "false").lower() != "true":
    for name in ("agno", "agno-team", "agno-workflow"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL)  # Agno gives no handler to a logger that has a level
        logger.addFilter(lambda _: False)  # and sets the level again with every run

PACKAGE = Package(
    title="Agno",
    icon="users",
    description="Run an agent or a team of Agno: each of their model calls and tool calls is a step.",
    nodes=["agno.agent", "agno.team"],
    install="tenuto[agno]",
)


def make_runtime() -> "Runtime":
    from tenuto.sdk.agents.later import Later

    return Later("tenuto.agents.agno.runtime", "Agno", "agno")
