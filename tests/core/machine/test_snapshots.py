"""Snapshots: a state as JSON (SEMANTICS 31)."""

import json
from typing import Any

from tenuto.core.machine import restore, snapshot, take, todo
from tenuto.core.values import canonical
from tenuto.testing.driver import Driver

from .drive import WORK, drive, given, running, work


def reborn(driver: Driver) -> Driver:
    """The same run, gone on from a snapshot that went through a keeper of JSON which sorts keys."""
    driver.state = restore(driver.flow, json.loads(canonical(snapshot(driver.state))), driver.origin)
    assert take(driver.state) == []
    return driver


def test_a_snapshot_is_json():
    """SEMANTICS 31: so that any host can carry it."""
    driver = drive({"a": work(**{"with": {"key": "${secrets.KEY}"}}), "w": {"use": "wait", "with": {"for": "1h"}}})

    text = canonical(snapshot(driver.state))

    assert json.loads(text)["version"] == 1


def test_a_snapshot_of_what_was_restored_is_the_same():
    """SEMANTICS 31: nothing is lost on the way."""
    nodes: dict[str, Any] = {
        "a": WORK,
        "b": work(after=[{"any": ["a", "w"]}], retry={"attempts": 2}),
        "w": {"use": "wait", "with": {"signal": "go"}, "timeout": "1h"},
        "m": {"use": "map", "over": "${[1, 2, 3]}", "nodes": {"x": WORK}, "concurrency": 2},
        "l": {"use": "loop", "max": 2, "carry": 5, "nodes": {"y": WORK}, "output": "${y}"},
    }
    driver = drive(nodes, timeout="1h")
    driver.succeed("a", {"$secret": "not one"})
    driver.fail("b")
    driver.succeed("m[0].x", 1)
    driver.succeed("l[0].y", 1)
    driver.signal("other", "early")

    before = snapshot(driver.state)

    assert snapshot(reborn(driver).state) == before


def test_what_is_outstanding_is_outstanding_again():
    """SEMANTICS 31: the commands are those that a full replay would give."""
    driver = drive({"a": WORK, "w": {"use": "wait", "with": {"for": "1h"}}})
    before = todo(driver.state)

    assert todo(reborn(driver).state) == before


def test_secrets_stay_secrets_and_look_alikes_do_not_become_them():
    """SEMANTICS 28, 43: `{"$secret": …}` that a user wrote is a value."""
    from tenuto.core.values import Secret

    nodes = {"a": WORK, "b": work(after=["a"], **{"with": {"key": "${secrets.KEY}", "fake": "${a}"}})}
    driver = drive(nodes)
    driver.succeed("a", {"$secret": "KEY"})

    reborn(driver)

    assert given(driver, "b") == {"key": Secret("KEY"), "fake": {"$secret": "KEY"}}


def test_steps_keep_their_order():
    """SEMANTICS 24: "all later steps" must mean the same."""
    from tenuto.core.inputs import StepMismatch

    driver = drive({"a": WORK})
    for key in ("z", "m", "a"):
        driver.step("a", key, key)

    reborn(driver)
    driver.tell(StepMismatch(driver.now, "a", 1, "m"))

    assert list(driver.command("a").steps) == ["z"]  # type: ignore[union-attr]


def test_items_go_on_where_they_were():
    """SEMANTICS 31: with more than ten, so that `10` is not taken to come before `2`."""
    items = {
        "use": "map",
        "over": "${[0,1,2,3,4,5,6,7,8,9,10,11]}",
        "concurrency": 12,
        "nodes": {"x": WORK},
        "output": "${x}",
    }
    driver = drive({"m": items}, output="${m}")
    for index in range(0, 12, 2):
        driver.succeed(f"m[{index}].x", index)

    reborn(driver)
    for path in running(driver):
        driver.succeed(path, path)

    assert driver.output[:4] == [0, "m[1].x", 2, "m[3].x"]


def test_early_signals_and_those_who_wait_are_kept():
    """SEMANTICS 25, 31."""
    nodes = {
        "a": WORK,
        "w": {"use": "wait", "with": {"signal": "go"}, "after": ["a"]},
        "again": {"use": "wait", "with": {"signal": "go"}, "after": ["w"]},
        "v": {"use": "wait", "with": {"signal": "stop"}},
    }
    driver = drive(nodes, output=["${w}", "${again}", "${v}"])
    driver.signal("go", 1, key="k")

    reborn(driver)
    driver.signal("go", 1, key="k")
    driver.succeed("a")
    driver.signal("stop", 2)
    assert driver.node("again").status == "waiting"
    driver.signal("go", 3, key="another")

    assert driver.output == [1, 3, 2]


def test_a_crash_after_a_snapshot_replays_the_whole_to_the_same_state():
    """SEMANTICS 31: a snapshot and what follows equals the full replay."""
    driver = drive({"a": WORK, "b": work(after=["a"]), "c": work(after=["b"])})
    driver.succeed("a")
    reborn(driver)
    driver.succeed("b")
    after = snapshot(driver.state)

    driver.reload()

    assert snapshot(driver.state) == after


def test_an_ended_run_can_be_kept_too():
    """SEMANTICS 31: its outcome stands in it."""
    driver = drive({"a": WORK}, output="${a}")
    driver.succeed("a", 5)

    reborn(driver)

    assert driver.state.outcome == ("succeeded", 5, None)
    assert driver.status == "succeeded"
