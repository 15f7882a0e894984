"""Every story, cut and crashed at every fact (SEMANTICS 30, 31; R01 and R23 at the level of the heart)."""

import json

import pytest

from tenuto.core.machine import restore, snapshot
from tenuto.core.values import canonical
from tenuto.testing.driver import Driver
from tenuto.testing.invariants import check, numbered

from .stories import STORIES, Story, play

names = pytest.mark.parametrize("name", STORIES)


def outcome(driver: Driver) -> tuple[str, str, str]:
    error = dict(driver.error) if driver.error is not None else None
    return driver.status, canonical(driver.output), canonical(error)


@names
def test_a_story_cut_at_any_fact_ends_the_same(name: str):
    """SEMANTICS 30: the torn part is decided again, or an equally valid continuation is."""
    story = STORIES[name]
    whole = play(story, story.driver().start())

    for length in range(1, len(whole.facts)):
        driver = story.driver()
        driver.facts, driver.now = whole.facts[:length], whole.facts[length].at
        driver.reload()
        play(story, driver)
        assert outcome(driver) == outcome(whole), f"cut after {length} facts"
        assert check({"run-1": numbered(driver.facts)}, flows={"run-1": driver.flow}) == []


@names
def test_a_story_with_a_crash_after_every_word_ends_the_same(name: str):
    """R01: what is recorded is never computed again; what nobody knows is asked for."""
    story = STORIES[name]
    whole = play(story, story.driver().start())

    driver = Crashing(story)

    assert outcome(play(story, driver.start())) == outcome(whole)
    assert check({"run-1": numbered(driver.facts)}, flows={"run-1": driver.flow}) == []


@names
def test_a_story_carried_by_snapshots_alone_has_the_same_history(name: str):
    """SEMANTICS 31: after every word the state goes on from its own snapshot."""
    story = STORIES[name]
    whole = play(story, story.driver().start())

    carried = play(story, Carried(story).start())

    assert carried.facts == whole.facts


class Crashing(Driver):
    """Dies after every word that it was told, in order, and is taken over."""

    def __init__(self, story: Story) -> None:
        first = story.driver()
        super().__init__(first.flow, input=story.given, nodes=story.nodes, library=first.library)

    def tell(self, word):
        facts = super().tell(word)
        if facts and word.__class__.__name__ not in {"Resume", "Wake"} and self.state.ended is None:
            self.crash(clean=True)
        return facts


class Carried(Crashing):
    """Goes on from a snapshot after every word."""

    def tell(self, word):
        facts = Driver.tell(self, word)
        self.state = restore(self.flow, json.loads(json.dumps(snapshot(self.state))))
        return facts
