"""Nodes that speak HTTP."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="HTTP",
    icon="globe",
    description="Ask a web service.",
    nodes=["http.request"],
)
