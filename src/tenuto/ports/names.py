"""Names for new runs: an id for programs, and a name that people remember."""

from typing import Protocol


class Names(Protocol):
    def run_id(self) -> str:
        """Nobody else has been given it."""
        ...

    def run_name(self) -> str:
        """Such as `brave-otter-7f3a`."""
        ...
