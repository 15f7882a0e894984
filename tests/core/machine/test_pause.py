"""A pause: nothing new starts, what runs goes on to its end; signals `run.pause` and `run.resume` (SEMANTICS 28, 29)."""

import json

from tenuto.core.machine import PAUSE, RESUME, restore, snapshot
from tenuto.testing.driver import Driver

from .drive import WORK, drive, running, timers, types_of, work

CHAIN = {"a": WORK, "b": work(after=["a"])}


def same(driver: Driver) -> bool:
    """Whether a snapshot, through JSON, and a replay of all facts are what the driver has."""
    packed = json.loads(json.dumps(snapshot(driver.state)))
    restored = snapshot(restore(driver.flow, packed))
    before = snapshot(driver.state)
    driver.crash(clean=True)
    return restored == packed and snapshot(driver.state) | {"seq": 0} == before | {"seq": 0}


def test_what_runs_goes_on_and_nothing_new_starts():
    """SEMANTICS 36: with nothing in flight a paused run waits."""
    driver = drive(CHAIN, output="${b}")

    driver.signal(PAUSE)
    assert (driver.status, running(driver)) == ("running", ["a"])
    driver.succeed("a")

    assert (driver.status, running(driver)) == ("waiting", [])
    driver.signal(RESUME)
    assert (driver.status, running(driver)) == ("running", ["b"])


def test_not_even_a_node_that_only_computes_starts():
    """A paused run does not come to its end behind one's back."""
    driver = drive({"a": WORK, "s": {"use": "set", "after": ["a"], "with": {"value": 1}}}, output="${s}")
    driver.signal(PAUSE)
    driver.succeed("a")
    assert driver.status == "waiting"

    driver.signal(RESUME)

    assert (driver.status, driver.output) == ("succeeded", 1)


def test_a_pause_survives_a_crash():
    """SEMANTICS 30: it stands in the journal, and what was held is held again."""
    driver = drive(CHAIN)
    driver.signal(PAUSE)
    driver.succeed("a")

    driver.crash()

    assert (driver.status, running(driver)) == ("waiting", [])
    driver.signal(RESUME)
    assert running(driver) == ["b"]


def test_a_snapshot_keeps_it():
    """SEMANTICS 31: a snapshot plus what follows equals the whole; what was held as pending is held."""
    driver = drive(CHAIN)
    driver.signal(PAUSE)
    driver.succeed("a")

    assert same(driver)
    state = restore(driver.flow, json.loads(json.dumps(snapshot(driver.state))))
    assert [ns.path for ns in state.held] == ["b"]


def test_a_snapshot_of_an_earlier_program_is_of_a_run_that_is_not_paused():
    """SEMANTICS 29: it did not know the word."""
    driver = drive(CHAIN)
    packed = snapshot(driver.state)
    del packed["paused"]

    assert not restore(driver.flow, packed).paused


def test_a_retry_that_is_due_is_recorded_and_starts_nothing():
    """The time is not lost: it starts at once afterwards."""
    driver = drive({"a": work(retry={"attempts": 2, "delay": "1s"})})
    driver.fail("a")
    driver.signal(PAUSE)
    assert driver.status == "waiting"

    driver.advance(60)

    assert types_of(driver)[-1] == "timer.fired"
    assert (driver.status, running(driver)) == ("waiting", [])
    driver.signal(RESUME)
    assert running(driver) == ["a"]


def test_a_wait_that_is_over_is_recorded_and_starts_nothing():
    """What depends on it starts after the pause."""
    driver = drive({"w": {"use": "wait", "with": {"for": "1m"}}, "b": work(after=["w"])})
    driver.signal(PAUSE)

    driver.advance(61)

    assert types_of(driver)[-1] == "node.succeeded"
    assert running(driver) == []
    driver.signal(RESUME)
    assert running(driver) == ["b"]


def test_a_wait_that_has_not_begun_sets_no_timer():
    """Its time counts from when it starts."""
    driver = drive({"a": WORK, "w": {"use": "wait", "after": ["a"], "with": {"for": "1m"}}})
    driver.signal(PAUSE)

    driver.succeed("a")

    assert timers(driver) == {}


def test_an_answer_in_a_pause_is_kept():
    """SEMANTICS 25: the approval is settled, what follows is held."""
    driver = drive({"ok": {"use": "approval", "with": {"question": "?"}}, "b": work(after=["ok.approved"])})
    driver.signal(PAUSE)

    driver.signal("ok", {"approved": True})

    assert running(driver) == []
    driver.signal(RESUME)
    assert running(driver) == ["b"]


def test_items_and_turns_are_held_too():
    """A map opens no work, a loop no turn."""
    nodes = {"m": {"use": "map", "over": "${[1, 2, 3]}", "concurrency": 1, "nodes": {"x": WORK}}}
    driver = drive(nodes)
    driver.signal(PAUSE)

    driver.succeed("m[0].x")

    assert running(driver) == []
    driver.signal(RESUME)
    assert running(driver) == ["m[1].x"]


def test_a_paused_run_can_be_cancelled_and_cleans_up():
    """P8, SEMANTICS 15: `finally` runs whatever happened, a pause included."""
    driver = drive(CHAIN, **{"finally": {"nodes": {"x": WORK}}})
    driver.signal(PAUSE)
    driver.succeed("a")

    driver.cancel()

    assert running(driver) == ["x"]
    driver.succeed("x")
    assert driver.status == "cancelled"


def test_a_run_may_fail_in_a_pause():
    """What runs is recorded as ever."""
    driver = drive(CHAIN)
    driver.signal(PAUSE)

    driver.fail("a")

    assert driver.status == "failed"


def test_the_timeout_of_the_run_counts_on():
    """SEMANTICS 21: waits included."""
    driver = drive(CHAIN, timeout="1m")
    driver.signal(PAUSE)
    driver.succeed("a")

    driver.advance(61)

    assert driver.status == "failed"
    assert driver.error is not None
    assert driver.error["type"] == "timeout"


def test_pausing_and_resuming_twice_is_harmless():
    """Two people may press the same button."""
    driver = drive(CHAIN)

    for name in (PAUSE, PAUSE, RESUME, RESUME):
        driver.signal(name)

    driver.succeed("a")
    assert running(driver) == ["b"]


def test_over_its_budget_and_paused_needs_both_words():
    """SEMANTICS 34: neither lifts the other."""
    driver = drive({**CHAIN}, budget={"usd": 1})
    driver.signal(PAUSE)
    driver.succeed("a", usage={"usd": 2})

    driver.signal(RESUME)
    assert running(driver) == []
    driver.signal(PAUSE)
    driver.signal("budget", {"add": {"usd": 5}})
    assert running(driver) == []
    driver.signal(RESUME)

    assert running(driver) == ["b"]


def test_a_queued_run_that_was_paused_begins_and_holds():
    """SEMANTICS 33: admission is the host's; the pause is the run's."""
    driver = Driver({"flow": "f", "nodes": {"a": {"use": "debug.sleep"}}}).queue()
    driver.signal(PAUSE)

    driver.start()

    assert (driver.status, running(driver)) == ("waiting", [])


def test_signals_of_these_names_are_for_the_run_and_not_for_a_wait():
    """Reserved, as `budget` is."""
    driver = drive({"w": {"use": "wait", "with": {"signal": "run.pause"}}})

    driver.signal(PAUSE)

    assert driver.state.signals == {}
    assert driver.state.nodes["w"].status == "waiting"
