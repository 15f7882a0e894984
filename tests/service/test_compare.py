"""Where two runs part."""

from tenuto.core import events
from tenuto.core.events import Fact
from tenuto.service.compare import compare, comparison_json
from tenuto.service.projection import RunView, project


def run(name: str, *facts: Fact, given: object = None) -> RunView:
    return project(enumerate([events.RunStarted(1.0, name, name, "flow", "hash", given), *facts], 1))


def done(path: str, output: object, at: float = 2.0) -> events.NodeSucceeded:
    return events.NodeSucceeded(at, path, "done", output, input={})


def test_runs_that_tell_the_same_are_equal() -> None:
    """Names, times and whether a result was reused do not count."""
    reused = events.NodeReused(9.0, "one", "a", "done", 1, {})

    found = compare(run("a", done("one", 1)), run("b", reused))

    assert found.equal
    assert found.parts_at is None
    assert found.same == 1


def test_they_part_at_the_first_node_of_which_they_tell_different_things() -> None:
    """In the order in which the first run came to them, whatever their names."""
    a = run("a", done("zebra", 1), done("apple", 2), events.RunSucceeded(3.0, 2))
    b = run("b", done("zebra", 1), done("apple", 3), done("extra", 4), events.RunSucceeded(3.0, 3))

    found = compare(a, b)

    assert found.parts_at == "apple"
    assert found.nodes[0].aspects == {"output": (2, 3)}
    assert (found.nodes[1].path, found.nodes[1].only) == ("extra", "b")
    assert found.outcome == {"output": (2, 3)}


def test_one_and_true_are_told_apart() -> None:
    """As JSON has them, not as Python compares them."""
    assert not compare(run("a", done("one", 1)), run("b", done("one", True))).equal


def test_a_comparison_is_json() -> None:
    """Pairs of values, the input among them."""
    found = comparison_json(compare(run("a", given={"x": 1}), run("b", given={"x": 2})))

    assert found["input"] == [{"x": 1}, {"x": 2}]
    assert found["equal"] is False
