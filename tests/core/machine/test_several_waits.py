"""A node that waits for several things at once: each answer is its own, and wakes it (SEMANTICS 24, 25)."""

import json
from random import Random

import pytest

from tenuto.core import inputs
from tenuto.core.commands import RunNode
from tenuto.core.events import NodeSuspended, StepRecorded
from tenuto.core.machine import restore, snapshot
from tenuto.testing.driver import Driver

from .drive import WORK, drive, running, timers, work

AB = ("a", "b")


def suspended(driver: Driver, *keys: str, seconds: float | None = None) -> Driver:
    """`x` waits for all of these, of which each is answered by the signal of its name."""
    more: list[dict[str, object]] = [{"key": key, "signal": f"x/{key}", "ask": {"of": key}} for key in keys[1:]]
    driver.suspend("x", keys[0], f"x/{keys[0]}", ask={"of": keys[0]}, seconds=seconds, also=more)
    return driver


def waiting(driver: Driver) -> list[str]:
    return sorted(name for name, waiters in driver.state.waiters.items() if waiters)


def steps(driver: Driver) -> dict[str, object]:
    command = driver.command("x")
    assert isinstance(command, RunNode)
    return {key: output.get("signal", output) for key, (_, output) in command.steps.items()}


def test_each_answer_wakes_it_and_the_others_stay_open():
    driver = suspended(drive({"x": WORK}), "a", "b")
    assert waiting(driver) == ["x/a", "x/b"]

    driver.signal("x/b", 2)

    assert steps(driver) == {"b": 2}
    assert waiting(driver) == ["x/a"]


def test_an_answer_that_comes_while_it_runs_stands_among_its_steps():
    """It is on record at once; the attempt under way may read it already."""
    driver = suspended(drive({"x": WORK}), "a", "b")
    driver.signal("x/b", 2)
    command = driver.command("x")

    driver.signal("x/a", 1)

    assert steps(driver) == {"b": 2, "a": 1}
    assert driver.command("x") is command
    assert waiting(driver) == []


def test_it_runs_again_at_once_if_an_answer_came_too_late_for_the_attempt():
    """The attempt had passed the place already, and waits for what is on record."""
    driver = suspended(drive({"x": WORK}), "a", "b", "c")
    driver.signal("x/b", 2)
    driver.signal("x/a", 1)

    suspended(driver, "a", "c")

    assert running(driver) == ["x"]
    assert waiting(driver) == ["x/c"]


def test_what_was_asked_stays_as_it_was_asked():
    """Neither the question nor the end of its time changes because another answer came."""
    driver = suspended(drive({"x": WORK}), "a", "b", seconds=100)
    driver.advance(60)
    driver.signal("x/b", 2)

    driver.suspend("x", "a", "x/a", ask={"of": "something else"}, seconds=100)

    fact = driver.facts[-1]
    assert isinstance(fact, NodeSuspended)
    assert fact.awaits["ask"] == {"of": "a"}
    assert timers(driver) == {"x": 40}


def test_what_is_late_is_told_so_and_the_rest_goes_on_waiting():
    driver = drive({"x": WORK})
    driver.suspend(
        "x", "a", "x/a", seconds=50, also=[{"key": "b", "signal": "x/b", "seconds": 10}, {"key": "c", "signal": "x/c"}]
    )

    driver.advance(10)

    assert steps(driver) == {"b": {"timeout": True}}
    assert waiting(driver) == ["x/a", "x/c"]


def test_two_that_are_late_at_once_are_both_told():
    driver = drive({"x": WORK})
    driver.suspend("x", "a", "x/a", seconds=10, also=[{"key": "b", "signal": "x/b", "seconds": 10}])

    driver.advance(10)

    assert steps(driver) == {"a": {"timeout": True}, "b": {"timeout": True}}


def test_answers_that_were_there_already_are_all_taken():
    """SEMANTICS 25: each for one wait."""
    driver = drive({"x": WORK})
    for key in AB:
        driver.signal(f"x/{key}", key)

    suspended(driver, "a", "b")

    assert steps(driver) == {"a": "a", "b": "b"}


def test_two_waits_for_one_name_take_one_signal_each():
    """The oldest first."""
    driver = drive({"x": WORK})
    driver.suspend("x", "a", "go", also=[{"key": "b", "signal": "go"}])

    driver.signal("go", 1)
    assert steps(driver) == {"a": 1}
    driver.signal("go", 2)

    assert steps(driver) == {"a": 1, "b": 2}


@pytest.mark.parametrize("end", ["succeed", "fail", "cancel", "retry", "doubt"])
def test_when_it_is_over_nothing_of_it_waits_any_more(end: str):
    driver = suspended(drive({"x": work(retry={"attempts": 2}) if end == "retry" else WORK}), "a", "b")
    driver.signal("x/b", 2)

    match end:
        case "succeed":
            driver.succeed("x")
        case "cancel":
            driver.cancel()
            driver.fail("x", "cancelled")
        case "doubt":
            driver.doubt("x")
        case _:
            driver.fail("x")

    assert waiting(driver) == []


def test_steps_that_are_dropped_take_open_questions_along():
    """What was asked may mean something else now: it is asked anew."""
    driver = drive({"x": WORK})
    driver.step("x", "one", 1, input_hash="h")
    suspended(driver, "a", "b")
    driver.signal("x/b", 2)

    driver.tell(inputs.StepMismatch(driver.now, "x", 1, "one"))

    assert waiting(driver) == []
    assert steps(driver) == {}


@pytest.mark.parametrize("seed", range(40))
def test_however_it_goes_each_wait_has_its_own_answer_once(seed: int):
    """Answers in any order, at any time, crashes and snapshots between them (SEMANTICS 30, 31)."""
    dice, driver = Random(seed), drive({"x": WORK}, output="${x}")
    keys = [f"k{number}" for number in range(dice.randint(2, 5))]
    sent: set[str] = set()
    seen, missing = -1, keys  # by the attempt that runs now, when it began
    while driver.state.ended is None:
        if running(driver) and (wake := woken(driver)) != seen:
            seen, missing = wake, [key for key in keys if key not in steps(driver)]
        open_ = [key for key in keys if f"x/{key}" in waiting(driver)]
        match dice.choice(["answer", "leave", "crash", "reload", "snapshot"]):
            case "answer" if open_:
                key = dice.choice(open_)
                driver.signal(f"x/{key}", key)
                sent.add(key)
            case "leave" if running(driver) and missing:
                suspended(driver, *missing)
            case "leave" if running(driver):
                driver.succeed("x", steps(driver))
            case "snapshot":
                driver.state = restore(driver.flow, json.loads(json.dumps(snapshot(driver.state))))
            case "reload":
                before = snapshot(driver.state)
                driver.reload()
                assert snapshot(driver.state) == before
            case "crash":
                driver.crash(clean=True)
                seen = -1
            case _:
                pass

    recorded = [fact.key for fact in driver.facts if isinstance(fact, StepRecorded)]
    assert sorted(recorded) == sorted(sent) == keys
    assert driver.output == {key: key for key in keys}


def woken(driver: Driver) -> int:
    command = driver.command("x")
    assert isinstance(command, RunNode)
    return command.wake
