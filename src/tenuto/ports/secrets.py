"""Secrets by name. Their values leave this seam only to be put into the input of a node that is about to run."""

from typing import Protocol


class Secrets(Protocol):
    async def get(self, name: str, *, tenant: str, stage: str) -> str:
        """The value; `KeyError` if there is none, with a sentence that says where it is looked for."""
        ...
