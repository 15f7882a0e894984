"""The card of a folder of nodes: light enough to be read at start, when none of its nodes has been imported."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True, frozen=True)
class Package:
    """Stands as `PACKAGE` in the `__init__.py` of its folder. Node `slack.send_message` is in the module `send_message` beside it.

    `install`: what to give to pip if a node's own dependency is missing, such as `tenuto[slack]`.
    """

    title: str
    nodes: Sequence[str]
    icon: str = "box"
    description: str = ""
    install: str = ""
    name: str = field(default="")  # the prefix of its nodes; filled in by the registry
