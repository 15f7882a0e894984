"""Loops: one body, turn after turn (SEMANTICS 18)."""

from tenuto.core.events import ItemDone

from .drive import WORK, drive, given, running, work

STEP = work(**{"with": {"value": "${turn.value}", "index": "${turn.index}"}})


def loop(**keys: object) -> dict[str, object]:
    return {"use": "loop", "max": 3, "nodes": {"x": STEP}, "output": "${x}", **keys}


def test_the_first_turn_sees_carry_and_the_next_ones_the_output_just_made():
    """SEMANTICS 18: `turn.value` is the output just made; `turn.index` counts from 0."""
    driver = drive({"l": loop(carry="seed")})
    assert given(driver, "l[0].x") == {"value": "seed", "index": 0}

    driver.succeed("l[0].x", "draft 1")

    assert given(driver, "l[1].x") == {"value": "draft 1", "index": 1}


def test_without_carry_the_first_value_is_null():
    """SEMANTICS 18: `carry` is optional."""
    driver = drive({"l": loop()})

    assert given(driver, "l[0].x") == {"value": None, "index": 0}


def test_turns_follow_one_another():
    """SEMANTICS 18: never two at a time."""
    driver = drive({"l": loop()})

    assert running(driver) == ["l[0].x"]


def test_until_is_asked_after_each_turn_with_the_output_just_made():
    """SEMANTICS 18: done, with the last turn's output."""
    driver = drive({"l": loop(until="${turn.value == 'good'}")}, output="${l}")

    driver.succeed("l[0].x", "bad")
    driver.succeed("l[1].x", "good")

    assert driver.output == "good"
    assert driver.node("l").port == "done"


def test_until_sees_the_index_of_the_turn_just_made():
    """SEMANTICS 18: `turn.index` counts from 0."""
    driver = drive({"l": loop(until="${turn.index == 1}")})

    driver.succeed("l[0].x")
    driver.succeed("l[1].x")

    assert driver.node("l").port == "done"


def test_until_sees_the_nodes_of_the_turn_just_made():
    """SEMANTICS 18: it is asked after the turn, so what the turn made is there."""
    driver = drive({"l": loop(until="${x.good}", output="${x.text}")}, output="${l}")

    driver.succeed("l[0].x", {"good": False, "text": "bad"})
    driver.succeed("l[1].x", {"good": True, "text": "good"})

    assert (driver.node("l").port, driver.output) == ("done", "good")


def test_after_max_turns_the_port_exhausted_fires_with_the_last_output():
    """SEMANTICS 18: after `max` turns without `until`."""
    driver = drive({"l": loop(max=2, until="${false}"), "then": work(after=["l.done"])}, output="${l}")

    driver.succeed("l[0].x", 1)
    driver.succeed("l[1].x", 2)

    assert driver.node("l").port == "exhausted"
    assert driver.node("then").status == "skipped"
    assert driver.output == 2


def test_without_until_all_turns_are_made():
    """SEMANTICS 18: `until` is optional, `max` is not."""
    driver = drive({"l": loop(max=2)}, output="${l}")

    driver.succeed("l[0].x", 1)
    driver.succeed("l[1].x", 2)

    assert driver.output == 2


def test_the_last_turn_may_still_be_good():
    """SEMANTICS 18: `until` is asked before the turns are counted."""
    driver = drive({"l": loop(max=1, until="${true}")})

    driver.succeed("l[0].x")

    assert driver.node("l").port == "done"


def test_a_turn_without_output_gives_null():
    """SEMANTICS 14: nothing is made up."""
    nodes = {"x": STEP}
    driver = drive({"l": {"use": "loop", "max": 2, "nodes": nodes}})

    driver.succeed("l[0].x", "ignored")

    assert given(driver, "l[1].x") == {"value": None, "index": 1}


def test_a_failed_turn_fails_the_loop_with_the_full_path():
    """SEMANTICS 17, 18: as an item of a map does."""
    driver = drive({"l": loop()})
    driver.succeed("l[0].x")

    driver.fail("l[1].x", "broken")

    assert driver.error is not None
    assert (driver.error["type"], driver.error["node"]) == ("broken", "l[1].x")


def test_an_until_that_errs_fails_the_loop():
    """SEMANTICS 18: it must say true or false."""
    driver = drive({"l": loop(until="${turn.value.score > 1}")})

    driver.succeed("l[0].x", {"no": "score"})

    assert driver.error is not None
    assert (driver.error["type"], driver.error["node"]) == ("expression", "l")


def test_finish_in_a_turn_ends_that_turn():
    """SEMANTICS 19: `finish` ends the flow it stands in; the loop goes on."""
    nodes = {"x": STEP, "end": {"use": "finish", "after": ["x"], "with": {"output": "early"}}, "y": work(after=["x"])}
    driver = drive({"l": {"use": "loop", "max": 2, "nodes": nodes, "output": "late"}})

    driver.succeed("l[0].x")
    driver.run()

    assert given(driver, "l[1].x") == {"value": "early", "index": 1}


def test_each_turn_is_recorded_with_its_output():
    """SEMANTICS 28: `item.done`, by which a replay knows where it was."""
    driver = drive({"l": loop()})
    driver.succeed("l[0].x", "one")

    driver.crash()

    assert [(fact.index, fact.output) for fact in driver.facts if isinstance(fact, ItemDone)] == [(0, "one")]
    assert given(driver, "l[1].x") == {"value": "one", "index": 1}


def test_a_turn_sees_outer_names():
    """SEMANTICS 13: bodies see the names around them."""
    inner = {"use": "loop", "max": 1, "nodes": {"x": work(**{"with": {"value": "${[a, item, turn.index]}"}})}}
    driver = drive({"a": WORK, "m": {"use": "map", "over": "${['i']}", "nodes": {"l": inner}}})

    driver.succeed("a", "outer")

    assert given(driver, "m[0].l[0].x") == {"value": ["outer", "i", 0]}
