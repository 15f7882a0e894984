"""Nodes that read the web."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="Web",
    icon="book-open",
    description="Read pages as people do: the text, not the markup.",
    nodes=["web.fetch"],
)
