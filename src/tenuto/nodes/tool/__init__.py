"""Nodes that call what agents call."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="Tools",
    icon="wrench",
    description="Call a tool by its name, without an agent.",
    nodes=["tool.call"],
)
