"""Nodes that read and write documents: files of text that travel by reference."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="Documents",
    icon="file-pen-line",
    description="Read and write files of text.",
    nodes=["document.read", "document.write"],
)
