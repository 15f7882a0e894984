"""Secrets by name. Their values leave this seam only to be put into the input of a node that is about to run."""

from typing import Protocol, Self


class BoundSecret(str):  # noqa: SLOT000  `hosts` is what it adds, and a `str` has a dictionary for it
    """A value that is for some hosts alone: whoever is given it may send nothing anywhere else (`ctx.http`)."""

    hosts: tuple[str, ...]

    def __new__(cls, value: str, hosts: tuple[str, ...]) -> Self:
        made = super().__new__(cls, value)
        made.hosts = hosts
        return made


class Secrets(Protocol):
    async def get(self, name: str, *, tenant: str, stage: str) -> str:
        """The value, a `BoundSecret` where it is bound to hosts; `KeyError` if there is none, with a sentence that says where it is looked for."""
        ...
