"""The invariant checker finds what it is for: each rule is broken once, on purpose."""

from typing import Any

import pytest

from tenuto.core import events
from tenuto.testing.driver import Driver, flow_of
from tenuto.testing.invariants import Ack, Effect, Fault, Outside, check, numbered

FLOW = flow_of(
    {
        "flow": "f",
        "nodes": {
            "a": {"use": "x"},
            "b": {"use": "x", "after": ["a"]},
            "m": {"use": "map", "over": "${[1]}", "nodes": {"y": {"use": "x"}, "z": {"use": "x", "after": ["y"]}}},
            "e": {"use": "x", "after": [{"any": ["a.error", "b"]}]},
        },
        "finally": {"nodes": {"tidy": {"use": "x"}}},
    }
)
STARTED = events.RunStarted(0, "r", "name", "f", "hash", None)


def done(path: str, **more: Any) -> events.NodeSucceeded:
    return events.NodeSucceeded(1, path, "done", 1, **more)


def broken(*facts: events.Fact, outside: Outside | None = None) -> list[str]:
    """The rules that these facts break, by number."""
    found = check({"r": numbered([STARTED, *facts])}, flows={"r": FLOW}, outside=outside)
    return [word for sentence in found for word in sentence.split() if word.startswith("I") and word[1:].isdigit()]


def test_a_run_of_the_driver_breaks_nothing():
    """What the heart writes holds every rule."""
    driver = Driver(FLOW, nodes={"x": 1}).start().run()

    assert driver.status == "succeeded"
    assert check({"run-1": numbered(driver.facts)}, flows={"run-1": FLOW}) == []


def test_a_gap_in_the_journal():
    """I1: seq gapless per run."""
    assert "I1" in check({"r": [(1, STARTED), (3, done("a"))]})[0]


@pytest.mark.parametrize(
    "twice",
    [
        done("a"),
        events.NodeSkipped(1, "a"),
        events.StepRecorded(1, "a", "k", "h", 1),
        events.ItemDone(1, "m", 0),
    ],
)
def test_a_result_that_is_recorded_twice(twice: events.Fact):
    """I2: at most one result a node, a step, an item."""
    assert broken(twice, twice) == ["I2"]


def test_a_step_may_be_recorded_again_after_it_was_dropped():
    """I2: SEMANTICS 24 drops it and all later ones."""
    one, two = (events.StepRecorded(1, "a", key, "h", 1) for key in ("one", "two"))

    assert broken(one, two, events.StepsDropped(1, "a", "two"), two) == []
    assert broken(one, two, events.StepsDropped(1, "a", "two"), one) == ["I2"]


def test_a_step_may_be_recorded_again_after_a_fresh_attempt():
    """I2: `NodeError(fresh=True)` drops them all."""
    one = events.StepRecorded(1, "a", "one", "h", 1)

    assert broken(one, events.NodeRetrying(1, "a", 1, 2, {}, fresh=True), one) == []
    assert broken(one, events.NodeRetrying(1, "a", 1, 2, {}), one) == ["I2"]


def test_a_run_that_ends_twice():
    """I3: at most one end."""
    assert broken(events.RunSucceeded(1, None), events.RunFailed(1, {})) == ["I3"]


def test_a_fact_after_the_end():
    """I3: the end is last."""
    assert broken(events.RunSucceeded(1, None), events.SignalReceived(2, "go", None)) == ["I3"]


def test_an_epoch_that_does_not_grow():
    """I4: fencing tokens are strictly increasing."""
    assert broken(events.RunResumed(1, 2), events.RunResumed(1, 2)) == ["I4"]


@pytest.mark.parametrize(
    ("facts", "rules"),
    [
        ([done("a"), done("b")], []),
        ([done("b")], ["I5"]),
        ([events.NodeFailed(1, "a", {}), done("b")], ["I5"]),
        ([events.NodeSkipped(1, "a"), events.NodeStarted(1, "b", 1)], ["I5"]),
        ([events.NodeFailed(1, "a", {}), done("e")], []),
        ([done("m[0].y"), done("m[0].z")], []),
        ([done("m[0].z")], ["I5"]),
        ([done("m[1].y"), done("m[0].z")], ["I5"]),
        ([events.NodeReused(1, "a", "r0", "done", 1), done("b")], []),
    ],
)
def test_a_node_that_works_before_what_it_waits_for(facts: list[events.Fact], rules: list[str]):
    """I5: only if all its predecessors are recorded, or its branch was chosen."""
    assert broken(*facts) == rules


def test_a_start_after_the_cancel():
    """I6: nothing starts, but what runs may end, and `finally` runs."""
    cancel = events.CancelRequested(5)

    assert broken(cancel, events.NodeStarted(6, "a", 1)) == ["I6"]
    assert broken(cancel, done("a", started_at=6.0)) == ["I6"]
    assert broken(cancel, done("a", started_at=4.0)) == []
    assert broken(cancel, done("tidy", started_at=6.0)) == []


@pytest.mark.parametrize(
    "promise",
    [events.TimerSet(0, "a", 10), events.NodeRetrying(0, "a", 1, 10, {}), events.NodeSuspended(0, "a", 1, {"due": 10})],
)
def test_a_timer_that_fires_early(promise: events.Fact):
    """I8: fired at or after its due time."""
    assert broken(promise, events.TimerFired(9.9, "a")) == ["I8"]
    assert broken(promise, events.TimerFired(10, "a")) == []


def test_a_result_without_its_effect():
    """I10: each recorded result has at least one effect with its key."""
    ledger = Outside(effects=[Effect("r/b", 1, 1.0)], effectful=frozenset({"x"}))

    assert broken(done("a"), outside=ledger) == ["I10"]
    assert broken(done("a"), outside=Outside([Effect("r/a", 1, 1.0)], frozenset({"x"}))) == []


def test_the_key_of_a_retried_run_is_its_origins():
    """I10: SEMANTICS 38."""
    retried = events.RunStarted(0, "r", "name", "f", "hash", None, key_base="r0")
    ledger = Outside(effects=[Effect("r0/a", 1, 1.0)], effectful=frozenset({"x"}))

    assert check({"r": numbered([retried, done("a")])}, flows={"r": FLOW}, outside=ledger) == []


def test_an_effect_that_was_repeated_for_no_reason():
    """I11: a key is repeated only across a fault; another attempt is another matter."""
    twice = [Effect("r/a", 1, 1.0), Effect("r/a", 1, 5.0)]

    assert broken(outside=Outside(effects=twice)) == ["I11"]
    assert broken(outside=Outside(effects=twice, faults=[Fault(2.0, 3.0)])) == []
    assert broken(outside=Outside(effects=twice, faults=[Fault(6.0, 7.0)])) == ["I11"]
    assert broken(outside=Outside(effects=[Effect("r/a", 1, 1.0), Effect("r/a", 2, 5.0)])) == []


def test_an_acknowledgement_that_was_lost():
    """I12: every 2xx is in the journal."""
    signal = events.SignalReceived(1, "go", None, key="k")

    assert broken(outside=Outside(acks=[Ack("signal", "r", "go", "k")])) == ["I12"]
    assert broken(signal, outside=Outside(acks=[Ack("signal", "r", "go", "k")])) == []
    assert broken(signal, outside=Outside(acks=[Ack("signal", "r", "go", "other")])) == ["I12"]
    assert broken(outside=Outside(acks=[Ack("cancel", "r")])) == ["I12"]
    assert broken(outside=Outside(acks=[Ack("start", "lost")], ended=False)) == ["I12"]


def test_an_acknowledged_run_that_never_ends():
    """I13: liveness, once no fault is to come."""
    acks = [Ack("start", "r")]

    assert broken(outside=Outside(acks=acks)) == ["I13"]
    assert broken(events.RunSucceeded(1, None), outside=Outside(acks=acks)) == []
    assert broken(outside=Outside(acks=acks, ended=False)) == []
