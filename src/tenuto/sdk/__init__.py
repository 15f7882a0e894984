"""All that authors of nodes import: `from tenuto.sdk import Context, NodeError, node`."""

from tenuto.sdk.context import Context, FileRef, Files
from tenuto.sdk.definition import Effects, NodeDefinition, node
from tenuto.sdk.errors import BrokenNode, NodeError, Suspended, UnknownNode
from tenuto.sdk.package import Package
from tenuto.sdk.port import Port
from tenuto.sdk.registry import Registry, library

__all__ = [
    "BrokenNode",
    "Context",
    "Effects",
    "FileRef",
    "Files",
    "NodeDefinition",
    "NodeError",
    "Package",
    "Port",
    "Registry",
    "Suspended",
    "UnknownNode",
    "library",
    "node",
]
