"""Nodes that make identifiers."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="Identifiers",
    icon="fingerprint",
    description="Names that nobody else has.",
    nodes=["id.uuid"],
)
