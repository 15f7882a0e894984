"""What is skipped, and what a skip does (SEMANTICS 12, 22)."""

from .drive import WORK, drive, running, types_of, work


def test_when_false_skips_the_node():
    """SEMANTICS 12: `when: false` skips it."""
    driver = drive({"a": work(when="${1 == 2}")})

    assert driver.node("a").status == "skipped"
    assert driver.status == "succeeded"


def test_when_true_leaves_no_fact():
    """SEMANTICS 30: a true `when` is not recorded; it is decided again with the same answer."""
    driver = drive({"a": work(when="${1 == 1}")})

    assert running(driver) == ["a"]
    assert types_of(driver) == ["run.started"]


def test_when_is_asked_only_when_the_node_is_due():
    """SEMANTICS 4: each expression is evaluated once, when due."""
    driver = drive({"a": WORK, "b": work(when="${a == 1}")})

    driver.succeed("a", 1)

    assert running(driver) == ["b"]


def test_a_when_that_is_not_a_boolean_fails_the_node():
    """SEMANTICS 12: only true and false are answers."""
    driver = drive({"a": WORK, "b": work(when="${a}")})

    driver.succeed("a", "yes")

    assert driver.node("b").status == "failed"
    assert driver.node("b").error["type"] == "expression"  # type: ignore[index]


def test_a_node_whose_entry_can_no_longer_hold_is_skipped_at_once():
    """SEMANTICS 12: it does not wait for its other entries to settle."""
    driver = drive({"a": {"use": "choose"}, "b": WORK, "c": work(after=["a.left", "b"])})

    driver.succeed("a", port="right")

    assert driver.node("c").status == "skipped"
    assert running(driver) == ["b"]


def test_skips_spread():
    """SEMANTICS 12: being skipped settles it, so what waits for it is skipped in turn."""
    driver = drive({"a": work(when="${false}"), "b": work(after=["a"]), "c": work(**{"with": {"value": "${b}"}})})

    assert [driver.node(path).status for path in "abc"] == ["skipped", "skipped", "skipped"]
    assert driver.status == "succeeded"


def test_a_skipped_node_settles_what_waits_for_it_optionally():
    """SEMANTICS 9, 12: `d?` holds when `d` is skipped."""
    driver = drive({"a": work(when="${false}"), "b": work(after=["a?"])})

    assert running(driver) == ["b"]


def test_a_whole_container_can_be_skipped():
    """SEMANTICS 12: its nodes never come to be."""
    body = {"use": "map", "over": "${[1, 2]}", "nodes": {"x": WORK}, "when": "${false}"}
    driver = drive({"m": body})

    assert driver.node("m").status == "skipped"
    assert types_of(driver) == ["run.started", "node.skipped", "run.succeeded"]


def test_on_error_continue_skips_and_keeps_the_error_readable():
    """SEMANTICS 22: a failure becomes a skip that keeps its error."""
    nodes = {
        "a": work(on_error="continue"),
        "then": work(after=["a"]),
        "note": work(after=["a.error"], **{"with": {"value": "${a.error.message}"}}),
    }
    driver = drive(nodes)

    driver.fail("a", "broken", "broke")

    assert driver.node("a").status == "skipped"
    assert driver.node("then").status == "skipped"
    assert driver.command("note").input == {"value": "broke"}  # type: ignore[union-attr]
