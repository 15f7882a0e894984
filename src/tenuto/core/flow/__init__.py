"""The flow document: from a JSON value to what the machine walks, or to the problems that stand against it.

Pure, and total: a wrong document is data. Text (YAML, JSON, positions) is read by `tenuto.documents`.
"""

from tenuto.core.flow.canonical import canonical_text, content_hash
from tenuto.core.flow.inputs import apply_defaults
from tenuto.core.flow.library import Effects, Library, NodeType
from tenuto.core.flow.model import (
    STRUCTURE,
    UNHAPPY_PORTS,
    Body,
    Budget,
    Concurrency,
    Entry,
    Flow,
    Need,
    Node,
    Retry,
)
from tenuto.core.flow.read import read
from tenuto.core.flow.schema import document_schema

__all__ = [
    "STRUCTURE",
    "UNHAPPY_PORTS",
    "Body",
    "Budget",
    "Concurrency",
    "Effects",
    "Entry",
    "Flow",
    "Library",
    "Need",
    "Node",
    "NodeType",
    "Retry",
    "apply_defaults",
    "canonical_text",
    "content_hash",
    "document_schema",
    "read",
]
