"""Words that come again after a lost connection are told once."""

from typing import Any

from tenuto.client.shapes import Event
from tenuto.client.words import Words


def delta(text: str, **more: Any) -> Event:
    return Event(type="delta", data={"path": "agent", "data": {"text": text, **more}})


def step(key: str) -> Event:
    return Event(type="step.recorded", data={"path": "agent", "key": key}, seq=1)


def told(*events: Event) -> str:
    """What a listener puts together, helpers in brackets."""
    words, heard = Words(), ""
    for event in events:
        fresh = words.hear(event)
        if fresh is not None and isinstance(said := fresh.data.get("data"), dict):
            heard += f"[{said['text']}]" if said.get("agent") else said["text"]  # pyright: ignore[reportUnknownMemberType] # JSON
    return heard


def test_who_has_heard_the_beginning_is_told_the_rest() -> None:
    assert told(delta("Fine "), delta("Fine tea, ", replayed=True), delta("as you asked.")) == "Fine tea, as you asked."


def test_who_has_heard_all_of_it_is_told_nothing() -> None:
    assert told(delta("Fine"), delta("Fine", replayed=True)) == "Fine"


def test_who_comes_new_is_told_all_of_it() -> None:
    assert told(delta("Fine ", replayed=True), delta("tea.")) == "Fine tea."


def test_what_was_recorded_is_not_taken_for_the_beginning_of_what_follows() -> None:
    """The same words may be said twice."""
    assert told(delta("Fine"), step("model:1"), delta("Fine tea", replayed=True)) == "FineFine tea"


def test_an_answer_that_broke_off_begins_anew() -> None:
    assert told(delta("Fi"), delta("", again=True), delta("Go"), delta("Good", replayed=True)) == "FiGood"


def test_speakers_are_told_apart_by_where_they_were_called() -> None:
    """A step of one helper ends nothing that another says."""
    one, two = {"agent": "helper", "under": "call:1"}, {"agent": "helper", "under": "call:2"}

    heard = told(
        delta("one", **one), delta("two", **two), step("call:1/model:1"),
        delta("two more", **two, replayed=True), delta("new", **one, replayed=True),
    )  # fmt: skip

    assert heard == "[one][two][ more][new]"
