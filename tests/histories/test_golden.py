"""Journals that were written once are read the same for ever (SEMANTICS 29; R21)."""

from pathlib import Path

import pytest

from tenuto.core.machine import about_of, evolve, new_state
from tenuto.testing.driver import AnyType, Driver

from .golden import FOLDER, facts_of, golden_flow, load, nodes, replayed, stood
from .stories import STORIES, TYPES, play

journals = pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)


def test_every_story_has_a_golden_journal():
    """One that is missing is written by `python -m tests.histories.golden`."""
    assert {path.stem for path in FOLDER.glob("*.json")} >= set(STORIES)


@journals
def test_a_golden_journal_stays_small(path: Path):
    """R21: no history of megabytes in the repository."""
    assert path.stat().st_size < 20_000


@journals
def test_after_each_fact_the_run_stands_as_it_stood(path: Path):
    """SEMANTICS 29: a changed rule would need a new `semantics` number."""
    golden = load(path)

    states = replayed(golden_flow(golden), facts_of(golden))

    assert [stood(state) for state in states] == golden["stood"]


@journals
def test_every_node_ended_as_it_did(path: Path):
    """R21: statuses and ports, by path."""
    golden = load(path)
    facts = facts_of(golden)
    state = new_state(golden_flow(golden), about_of(facts[0]))  # type: ignore[arg-type]  # a run begins with it

    for fact in facts:
        evolve(state, fact)

    assert nodes(state) == golden["nodes"]
    assert list(state.outcome or ()) == golden["outcome"]


@journals
def test_a_run_that_was_under_way_is_continued_to_the_same_end(path: Path):
    """R21: this program continues what that one began, from every fact."""
    golden = load(path)
    facts, story = facts_of(golden), STORIES[path.stem]

    for length in range(1, len(facts)):
        driver = Driver(golden_flow(golden), input=story.given, nodes=story.nodes, library=AnyType(TYPES))
        driver.facts, driver.now = facts[:length], facts[length].at
        driver.reload()
        play(story, driver)
        assert [driver.status, driver.output, driver.error] == golden["outcome"]
