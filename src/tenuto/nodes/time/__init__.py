"""Nodes that know what time it is."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="Time",
    icon="clock",
    description="What time it is.",
    nodes=["time.now"],
)
