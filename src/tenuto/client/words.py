"""What was said since the last step: a stream that begins in the middle of an answer says all of it again, and who has heard
its beginning is told the rest."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast

from tenuto.client.shapes import Event, Json

KEPT: Final = 65_536  # characters of one speaker, as the server keeps them


class Words:
    """Of one run, by the path of the node and what the speaker stands under in it."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, str, str], str] = {}

    def hear(self, event: Event) -> Event | None:
        """The event, without words that were told before; None if nothing of it is new."""
        if event.type == "step.recorded":
            place = str(event.data.get("path")), str(event.data.get("key", "")).rpartition("/")[0]
            self._heard = {speaker: text for speaker, text in self._heard.items() if speaker[:2] != place}
        said = event.data.get("data")
        if event.type != "delta" or not isinstance(said, dict):
            return event
        delta = cast("dict[str, Json]", said)
        return self._delta(event, delta) if isinstance(delta.get("text"), str) else event

    def _delta(self, event: Event, delta: Mapping[str, Json]) -> Event | None:
        speaker = str(event.data.get("path")), str(delta.get("under", "")), str(delta.get("agent", ""))
        text = str(delta["text"])
        heard = "" if delta.get("again") else self._heard.get(speaker, "")
        if delta.get("replayed") is not True:
            self._heard[speaker] = (heard + text)[-KEPT:]
            return event
        self._heard[speaker] = text
        if not text.startswith(heard):
            return event  # too long to be told apart: it takes the place of what was shown
        fresh = {name: value for name, value in delta.items() if name != "replayed"} | {"text": text[len(heard) :]}
        return replace(event, data={**event.data, "data": fresh}) if fresh["text"] else None
