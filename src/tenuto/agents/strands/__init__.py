"""Strands: a runtime for agent files, and a node that runs an agent of one's own. Nothing of Strands is imported before it is used."""

import logging
from typing import TYPE_CHECKING

from tenuto.sdk import Package

if TYPE_CHECKING:
    from tenuto.sdk.agents.runtime import Runtime

# What it logs goes where the program's logs go; without such a place it is not written to the terminal.
logging.getLogger("strands").addHandler(logging.NullHandler())

PACKAGE = Package(
    title="Strands",
    icon="bot",
    description="Run an agent of Strands: each of its model calls and tool calls is a step.",
    nodes=["strands.agent"],
    install="tenuto[strands]",
)


def make_runtime() -> "Runtime":
    from tenuto.sdk.agents.later import Later

    return Later("tenuto.agents.strands.runtime", "Strands", "strands")
