"""What the heart knows of a library node while it checks a document: its name, its ports, its schemas. Never its code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Effects = Literal["idempotent", "once"]


@dataclass(slots=True, frozen=True)
class NodeType:
    """`input_schema` is a closed JSON Schema object of the keys of `with`; `output_schema` is None where unknown."""

    name: str
    ports: tuple[str, ...] = ("done",)
    effects: Effects = "idempotent"
    input_schema: Mapping[str, object] | None = None
    output_schema: Mapping[str, object] | None = None
    description: str = ""


# A look-up by type name. Iterating gives the names (for hints); a look-up may import the node, so a reader asks only
# for the types that the document names.
Library = Mapping[str, NodeType]
