"""What a node has streamed since it last recorded something: for who begins to watch, or comes back, in the middle of it.

Kept in memory, never recorded. Of a node that streams no text nothing is kept.
"""

from collections.abc import Iterator
from typing import Any, Final

KEPT: Final = 65_536  # characters of one speaker; the beginning of a longer text is forgotten


class Words:
    """Speakers are told apart by what they stand under ("" for the node itself, `call:2` for an agent that it has called), and
    by their names."""

    __slots__ = ("_said",)

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], _Said] = {}

    def hear(self, delta: dict[str, Any]) -> None:
        text = delta.get("text")
        if not isinstance(text, str):
            return
        speaker = str(delta.get("under", "")), str(delta.get("agent", ""))
        said = self._said.get(speaker)
        if said is None or delta.get("again"):
            who = {name: delta[name] for name in ("agent", "under") if name in delta}
            said = self._said[speaker] = _Said(who)
        said.add(text)

    def recorded(self, key: str) -> None:
        """A step was recorded: what was said before is part of it."""
        under = key.rpartition("/")[0]
        for speaker in [each for each in self._said if each[0] == under]:
            del self._said[speaker]

    def replayed(self) -> Iterator[dict[str, Any]]:
        """A delta for each speaker, with all that it has said."""
        for said in self._said.values():
            if text := said.text:
                yield {**said.who, "text": text, "replayed": True}


class _Said:
    __slots__ = ("_pieces", "_size", "who")

    def __init__(self, who: dict[str, Any]) -> None:
        self.who = who
        self._pieces: list[str] = []
        self._size = 0

    @property
    def text(self) -> str:
        return "".join(self._pieces)[-KEPT:]

    def add(self, text: str) -> None:
        self._pieces.append(text)
        self._size += len(text)
        if self._size > 2 * KEPT:
            self._pieces = [self.text]
            self._size = KEPT
