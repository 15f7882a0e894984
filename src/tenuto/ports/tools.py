"""Tools by name: what agents of a tenant may call, whatever stands behind it."""

from collections.abc import Sequence
from typing import Protocol

from tenuto.core.problems import Problem
from tenuto.sdk.agents import Tool


class Tools(Protocol):
    async def tools(self, names: Sequence[str], *, tenant: str, stage: str) -> list[Tool]:
        """The tools of those names, each once. `NodeError` of type `tool`, with near names, for one that is not there.

        `mcp:SERVER/*` is all of that server; a bare name is understood if it is only one tool's.
        """
        ...

    async def listed(self, *, tenant: str, stage: str) -> list[Tool]:
        """Every tool that can be called there now, by name."""
        ...

    async def check(self, names: Sequence[str], *, tenant: str, stage: str) -> list[Problem]:
        """What is wrong with the names that a file writes: an error for each that is not there, a warning for a bare one."""
        ...
