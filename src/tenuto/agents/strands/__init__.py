"""Strands: a runtime for agent files, and a node that runs an agent of one's own. Nothing of Strands is imported before it is used."""

from typing import TYPE_CHECKING

from tenuto.sdk import Package

if TYPE_CHECKING:
    from tenuto.sdk.agents.runtime import Runtime

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
