"""Sessions of agents that live as long as their process, for tests and trials."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tenuto.ports.conversations import KEPT
from tenuto.ports.session_lines import Place
from tenuto.sdk.agents.messages import Message


@dataclass(slots=True)
class MemoryConversation:
    """What is said; whose turn it is, `MemoryLines` knows."""

    _said: list[Message] = field(default_factory=list[Message])
    _keys: set[str] = field(default_factory=set[str])

    async def read(self) -> list[Message]:
        return list(self._said)

    async def add(self, key: str, messages: Sequence[Message]) -> None:
        if key not in self._keys:
            self._keys.add(key)
            self._said = [*self._said, *messages][-KEPT:]


@dataclass(slots=True)
class MemoryLines:
    _places: list[Place] = field(default_factory=list[Place])

    async def join(self, place: Place) -> Place:
        if place not in self._places:
            self._places.append(place)
        turn = self._turn(place)
        assert turn is not None  # at least its own
        return turn

    async def leave(self, place: Place) -> Place | None:
        had = place in self._places and self._turn(place) == place
        self._places = [each for each in self._places if each != place]
        return self._turn(place) if had else None

    async def places(self) -> list[Place]:
        return list(self._places)

    def _turn(self, near: Place) -> Place | None:
        line = [each for each in self._places if (each.tenant, each.session) == (near.tenant, near.session)]
        line.sort(key=lambda each: (not each.turn, each.since, each.run, each.path))
        if not line:
            return None
        first = replace(line[0], turn=True)
        self._places = [first if each == first else each for each in self._places]
        return first
