"""Strands: a runtime for agent files, and a node that runs an agent of one's own. Nothing of Strands is imported before it is used."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="Strands",
    icon="bot",
    description="Run an agent of Strands: each of its model calls and tool calls is a step.",
    nodes=["strands.agent"],
    install="tenuto[strands]",
)
