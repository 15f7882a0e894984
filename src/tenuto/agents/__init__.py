"""Agents: the node `agent`, and the runtimes that drive one. Each folder is a runtime; they do not know each other."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="Agents",
    icon="bot",
    description="Give a task to an agent: a model with tools that finishes what it starts.",
    nodes=["agent"],
)
