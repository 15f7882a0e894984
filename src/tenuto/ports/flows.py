"""Flows by name: where a `call` finds what it calls."""

from dataclasses import dataclass
from typing import Protocol

from tenuto.core.flow import Flow


class NoSuchFlow(Exception):
    """There is no such flow, or it has problems: a sentence that says where it was looked for and what to do."""


@dataclass(slots=True, frozen=True)
class Found:
    """`version` names this very text for ever. `file`: where it was read from, if it was a file."""

    flow: Flow
    version: str
    file: str | None = None


class FlowSource(Protocol):
    async def find(
        self, name: str, version: str | None, *, stage: str, tenant: str, beside: str | None = None
    ) -> Found:
        """The flow that this name means here and now. `beside`: the file of the document that asks. Raises `NoSuchFlow`."""
        ...
