"""Nodes that make pictures."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="Images",
    icon="image",
    description="Have pictures made by an image service.",
    nodes=["image.generate"],
)
