"""Suspension: a node that ends its turn and waits (SEMANTICS 24, 25)."""

from tenuto.core import inputs
from tenuto.core.commands import RunNode
from tenuto.core.events import StepRecorded
from tenuto.testing.driver import Driver

from .drive import WORK, drive, running, stopping, timers, work


def woken(driver: Driver, path: str = "a") -> RunNode:
    command = driver.command(path)
    assert isinstance(command, RunNode)
    return command


def test_it_costs_nothing_while_it_waits():
    """It ends, and nothing is due."""
    driver = drive({"a": WORK})

    driver.suspend("a", "answer", "reply")

    assert driver.due == []
    assert driver.status == "waiting"
    assert driver.node("a").status == "waiting"


def test_it_runs_again_when_the_signal_is_there_with_the_answer_among_its_steps():
    """Its steps answering instantly."""
    driver = drive({"a": WORK})
    driver.step("a", "one", 1, input_hash="h")
    driver.suspend("a", "answer", "reply")

    driver.signal("reply", {"text": "yes"})

    command = woken(driver)
    assert (command.attempt, command.wake) == (1, 1)
    assert command.steps["one"] == ("h", 1)
    assert command.steps["answer"][1]["signal"] == {"text": "yes"}  # type: ignore[index]


def test_a_signal_that_was_there_already_answers_at_once():
    """SEMANTICS 25: one that arrives early is kept."""
    driver = drive({"a": WORK})
    driver.signal("reply", "early")

    driver.suspend("a", "answer", "reply")

    assert woken(driver).wake == 1


def test_without_an_answer_in_time_it_runs_again_and_knows():
    """The step answers `{"timeout": true}`."""
    driver = drive({"a": WORK})
    driver.suspend("a", "answer", "reply", seconds=60)
    assert timers(driver) == {"a": 60}

    driver.advance(60)

    assert woken(driver).steps["answer"][1] == {"timeout": True}


def test_an_answer_in_time_stops_the_timer():
    """One outcome."""
    driver = drive({"a": WORK})
    driver.suspend("a", "answer", "reply", seconds=60)

    driver.signal("reply", 1)
    driver.advance(120)

    assert woken(driver).wake == 1
    assert timers(driver) == {}


def test_it_may_suspend_again_and_again():
    """Agent loops are built from this; (path, attempt, wake) names one execution."""
    driver = drive({"a": WORK}, output="${a}")
    for turn in range(3):
        assert woken(driver).wake == turn
        driver.suspend("a", f"answer:{turn}", "reply")
        driver.signal("reply", turn)

    driver.succeed("a", "done")

    assert driver.output == "done"


def test_the_wait_survives_a_crash():
    """SEMANTICS 28: `node.suspended{awaits}` is a fact, with its due time."""
    driver = drive({"a": WORK})
    driver.suspend("a", "answer", "reply", seconds=60)
    driver.advance(20)

    driver.crash()

    assert running(driver) == []
    assert timers(driver) == {"a": 40}
    driver.signal("reply", "yes")
    assert running(driver) == ["a"]


def test_a_crash_between_the_answer_and_its_end_runs_it_again_with_the_answer():
    """SEMANTICS 25: each signal satisfies one wait; it is not lost with the process."""
    driver = drive({"a": WORK})
    driver.suspend("a", "answer", "reply")
    driver.signal("reply", "yes")

    driver.crash()

    assert woken(driver).steps["answer"][1]["signal"] == "yes"  # type: ignore[index]


def test_the_answer_says_which_signal_it_took():
    """SEMANTICS 30: so that a replay gives the next wait the next signal."""
    driver = drive({"a": WORK, "w": {"use": "wait", "with": {"signal": "reply"}, "after": ["a"]}})
    driver.suspend("a", "answer", "reply")
    driver.signal("reply", 1)

    seq = [seq for seq, fact in enumerate(driver.facts, 1) if fact.type == "signal.received"]
    took = [fact.signal for fact in driver.facts if isinstance(fact, StepRecorded)]
    assert took == seq
    driver.crash()
    driver.succeed("a")
    assert driver.node("w").status == "waiting"


def test_a_suspended_node_is_cancelled_at_once():
    """SEMANTICS 26: nothing of it runs."""
    driver = drive({"a": WORK})
    driver.suspend("a", "answer", "reply", seconds=60)

    driver.cancel()

    assert driver.status == "cancelled"


def test_a_node_that_suspends_while_it_is_being_stopped_is_cancelled():
    """SEMANTICS 26: nothing new starts, so nobody would ever wake it."""
    driver = drive({"a": WORK})
    driver.cancel()
    assert stopping(driver) == ["a"]

    driver.tell(inputs.Suspended(driver.now, "a", 1, {"key": "k", "signal": "reply"}))

    assert driver.status == "cancelled"


def test_a_question_for_people_is_kept():
    """`ask` is what a person is shown; it stands in the fact."""
    driver = drive({"a": WORK})

    driver.suspend("a", "answer", "reply", ask={"question": "Which one?"})

    assert driver.facts[-1].awaits["ask"] == {"question": "Which one?"}  # type: ignore[union-attr]


def test_a_retry_starts_from_its_steps_and_waits_anew():
    """SEMANTICS 24: steps survive attempts, the answer among them."""
    driver = drive({"a": work(retry={"attempts": 2})})
    driver.suspend("a", "answer", "reply")
    driver.signal("reply", "yes")

    driver.fail("a")
    driver.advance(60)

    assert woken(driver).attempt == 2
    assert "answer" in woken(driver).steps
