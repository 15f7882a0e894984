"""Branches (SEMANTICS 16)."""

import pytest

from .drive import WORK, drive, running, work


@pytest.mark.parametrize("answer", [True, False])
def test_if_fires_its_answer_and_outputs_it(answer: bool):
    """SEMANTICS 16: `if` outputs its boolean."""
    nodes = {"a": WORK, "f": {"use": "if", "with": {"condition": "${a}"}}, "t": work(after=["f.true"])}
    driver = drive(nodes, output="${f}")

    driver.succeed("a", answer)
    driver.run()

    assert driver.node("f").port == ("true" if answer else "false")
    assert driver.node("f").output is answer
    assert running(driver) == (["t"] if answer else [])


@pytest.mark.parametrize("value", ["true", 1, None, [True]])
def test_if_takes_only_a_boolean(value: object):
    """SEMANTICS 16: nothing else is true or false."""
    driver = drive({"a": WORK, "f": {"use": "if", "with": {"condition": "${a}"}}})

    driver.succeed("a", value)

    assert driver.error is not None
    assert (driver.error["type"], driver.error["node"]) == ("expression", "f")


@pytest.mark.parametrize(("value", "port"), [("red", "red"), ("blue", "blue"), ("green", "default")])
def test_switch_fires_the_case_that_equals_its_value(value: str, port: str):
    """SEMANTICS 16: `switch` outputs its value."""
    driver = drive({"a": WORK, "s": {"use": "switch", "with": {"value": "${a}", "cases": ["red", "blue"]}}})

    driver.succeed("a", value)

    assert driver.node("s").port == port
    assert driver.node("s").output == value


@pytest.mark.parametrize("value", [1, None, True, ["red"]])
def test_a_value_that_is_no_text_is_the_default(value: object):
    """SEMANTICS 16: `cases` is a list of strings."""
    driver = drive({"a": WORK, "s": {"use": "switch", "with": {"value": "${a}", "cases": ["red", "1", "true"]}}})

    driver.succeed("a", value)

    assert driver.node("s").port == "default"


def test_of_conditions_the_first_true_wins():
    """SEMANTICS 16: a map name → condition, in the order of the document."""
    cases = {"small": "${a < 10}", "large": "${a < 100}", "huge": "${a < 1000}"}
    driver = drive({"a": WORK, "s": {"use": "switch", "with": {"value": "${a}", "cases": cases}}})

    driver.succeed("a", 50)

    assert driver.node("s").port == "large"
    assert driver.node("s").output == 50


def test_conditions_after_the_first_true_one_are_not_asked():
    """SEMANTICS 16: so a later condition may rely on an earlier one having been false."""
    cases = {"none": "${a == null}", "some": "${a.size > 1}"}
    driver = drive({"a": WORK, "s": {"use": "switch", "with": {"cases": cases}}})

    driver.succeed("a", None)

    assert driver.node("s").port == "none"


def test_if_no_condition_is_true_the_default_fires():
    """SEMANTICS 16: `default` is always there."""
    driver = drive({"s": {"use": "switch", "with": {"cases": {"never": "${false}"}}}, "d": work(after=["s.default"])})

    assert running(driver) == ["d"]


def test_set_outputs_its_value():
    """`value` (the output), of any shape."""
    value = {"list": ["${a}", 1], "text": "a is ${a}"}
    driver = drive({"a": WORK, "s": {"use": "set", "with": {"value": value}}}, output="${s}")

    driver.succeed("a", 5)

    assert driver.output == {"list": [5, 1], "text": "a is 5"}
