"""What a model step is recorded under: a hash of all that was said so far, made from what is new and the hash before.

A long conversation is hashed once, not once a turn. The tools are no part of it: their definitions may change while a run
waits, and what was answered stays answered.
"""

from collections.abc import Sequence
from typing import Any

from tenuto.core.values import digest
from tenuto.sdk.agents.messages import Message


class Chain:
    def __init__(self) -> None:
        self._seen: list[Message] = []
        self._hash = ""

    def of(self, messages: Sequence[Message], about: Any = None) -> str:
        """The hash of this question. `about`: what else it asks for, such as the schema of the answer."""
        known = len(self._seen)
        said = list(messages)
        new = said[known:] if said[:known] == self._seen else said  # else it was written anew: a summary, another task
        self._hash = digest([self._hash, new, about])
        self._seen = said
        return self._hash
