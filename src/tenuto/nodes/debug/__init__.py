"""Nodes for trying flows out."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="Debug",
    icon="bug",
    description="Nodes for trying flows out: say something, take time, fail.",
    nodes=["debug.echo", "debug.fail", "debug.sleep"],
)
