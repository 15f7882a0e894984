"""Tools whose names stand alone, because they are about the run itself."""

from collections.abc import Sequence
from typing import Final

from tenuto.sdk.agents import Tool
from tenuto.sdk.agents.asking_person import AskPerson

ALL: Final[Sequence[Tool]] = (AskPerson(),)


class BuiltIn:
    """A source of what every agent may name."""

    async def find(self, name: str, *, tenant: str, stage: str) -> Sequence[Tool]:
        del tenant, stage
        return [tool for tool in ALL if tool.name == name]

    async def names(self, *, tenant: str, stage: str) -> list[str]:
        del tenant, stage
        return [tool.name for tool in ALL]
