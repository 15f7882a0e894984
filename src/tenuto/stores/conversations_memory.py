"""Sessions of agents that live as long as their process, for tests and trials."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tenuto.ports.conversations import KEPT
from tenuto.sdk.agents.messages import Message


@dataclass(slots=True)
class MemoryConversation:
    clock: Callable[[], float] = time.time
    _holder: str = ""
    _until: float = 0.0
    _said: list[Message] = field(default_factory=list[Message])
    _keys: set[str] = field(default_factory=set[str])

    async def hold(self, holder: str, seconds: float) -> bool:
        if self._holder not in ("", holder) and self._until > self.clock():
            return False
        self._holder, self._until = holder, self.clock() + seconds
        return True

    async def release(self, holder: str) -> None:
        if self._holder == holder:
            self._holder = ""

    async def read(self) -> list[Message]:
        return list(self._said)

    async def add(self, key: str, messages: Sequence[Message]) -> None:
        if key not in self._keys:
            self._keys.add(key)
            self._said = [*self._said, *messages][-KEPT:]


@dataclass(slots=True)
class MemoryConversations:
    clock: Callable[[], float] = time.time
    _known: dict[tuple[str, str], MemoryConversation] = field(default_factory=dict[tuple[str, str], MemoryConversation])

    def __call__(self, tenant: str, session: str) -> MemoryConversation:
        return self._known.setdefault((tenant, session), MemoryConversation(self.clock))
