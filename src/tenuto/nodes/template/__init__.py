"""Nodes that fill in text."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="Templates",
    icon="file-text",
    description="Fill values into text.",
    nodes=["template.render"],
)
