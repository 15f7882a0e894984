"""Agno: a runtime for agent files, and nodes that run agents and teams of one's own. Nothing of Agno is imported before it is used."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="Agno",
    icon="users",
    description="Run an agent or a team of Agno: each of their model calls and tool calls is a step.",
    nodes=["agno.agent", "agno.team"],
    install="tenuto[agno]",
)
