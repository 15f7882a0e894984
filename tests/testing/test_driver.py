"""The driver: a flow in a test, with a clock that is moved by hand."""

from random import Random
from typing import Any

import pytest

from tenuto.core.flow.library import NodeType
from tenuto.sdk import NodeError, Port, Suspended
from tenuto.testing import BadFlow, Driver, Refused

DOCUMENT: dict[str, Any] = {
    "flow": "write",
    "input": {"topic": "string"},
    "nodes": {
        "plan": {"use": "agent", "with": {"agent": "planner", "task": "Plan ${input.topic}"}},
        "ok": {"use": "approval", "with": {"question": "Go?", "show": "${plan.text}"}, "timeout": "1h"},
        "sorry": {"use": "set", "after": ["ok.timeout"], "with": {"value": "Nobody answered."}},
        "pause": {"use": "wait", "after": ["ok.approved"], "with": {"for": "10m"}},
        "write": {"use": "agent", "after": ["pause"], "with": {"agent": "writer", "task": "${plan.text}"}},
    },
    "output": "${write.text ?? sorry}",
}


def driver(**more: Any) -> Driver:
    behaviours = {"agent": lambda given: {"text": f"[{given['task']}]"}}
    return Driver(DOCUMENT, input={"topic": "tea"}, nodes=behaviours, **more)


def test_a_whole_run_needs_no_loop_no_disk_and_no_time():
    """The example of the module's docstring, at length."""
    run = driver().start().run()
    assert run.status == "waiting"

    run.signal("ok", {"approved": True}, by="ann")
    run.advance(600)
    run.run()

    assert (run.status, run.output, run.error) == ("succeeded", "[[Plan tea]]", None)


def test_time_moves_only_by_hand_and_timers_fire_in_their_order():
    """Due timers fire at their time, one after another."""
    run = driver().start().run()

    run.advance(3599)
    assert run.status == "waiting"
    run.advance(1)

    assert run.output == "Nobody answered."


def test_a_crash_changes_nothing_that_was_recorded():
    """The state is thrown away and rebuilt from the facts."""
    run = driver().start().run()

    run.crash()
    run.signal("ok", {"approved": True})
    run.advance(600)
    run.run()

    assert run.output == "[[Plan tea]]"
    assert run.node("plan").attempts == 1


def test_nodes_answer_by_path_by_id_or_by_type():
    """The nearest name wins."""
    nodes = {
        "m": {"use": "map", "over": "${[1, 2, 3]}", "nodes": {"x": {"use": "t"}}, "output": "${x}"},
        "y": {"use": "t"},
    }
    behaviours = {"m[1].x": "by path", "x": "by id", "t": "by type"}

    run = Driver({"flow": "f", "nodes": nodes, "output": ["${m}", "${y}"]}, nodes=behaviours).start().run()

    assert run.output == [["by id", "by path", "by id"], "by type"]


def test_a_node_without_a_behaviour_waits_for_the_test():
    """`due` says what is outstanding; `succeed` and `fail` answer it."""
    run = Driver({"flow": "f", "nodes": {"a": {"use": "x"}, "b": {"use": "x", "on_error": "continue"}}}).start().run()
    assert [command.path for command in run.due] == ["a", "b"]  # type: ignore[union-attr]

    run.succeed("a", 1)
    run.fail("b", "broken", "broke")

    assert run.status == "succeeded"
    assert run.node("b").error == {"type": "broken", "message": "broke", "node": "b", "attempts": 1}


def test_answering_what_is_not_due_says_what_is():
    """Errors teach."""
    run = Driver({"flow": "f", "nodes": {"a": {"use": "x"}}}).start()

    with pytest.raises(KeyError, match=r"nothing is due at `b`.*path='a'"):
        run.succeed("b")


def test_asking_for_a_node_that_is_not_there_says_what_is():
    """Errors teach."""
    run = Driver({"flow": "f", "nodes": {"a": {"use": "x"}}}).start()

    with pytest.raises(KeyError, match="`b`; known: a"):
        run.node("b")


def test_a_document_with_problems_names_them_all():
    """A wrong document never reaches the heart."""
    with pytest.raises(BadFlow) as bad:
        Driver({"flow": "f", "nodes": {"a": {"use": "set", "with": {"value": "${b}"}}, "c": {"use": "map"}}})

    assert len(bad.value.problems) >= 2
    assert "nodes.a" in str(bad.value)


def test_a_behaviour_may_fail_fire_a_port_and_suspend():
    """As a node's function does."""
    tries: list[int] = []

    def flaky(_given: Any) -> Any:
        tries.append(1)
        if len(tries) < 3:
            raise NodeError("not yet", type="busy")
        return Port("right", len(tries))

    def asking(_given: Any, command: Any) -> Any:
        if "q" not in command.steps:
            raise Suspended("q", signal="answer")
        return command.steps["q"][1]["signal"]

    nodes = {"c": {"use": "choose", "retry": {"attempts": 3}}, "q": {"use": "ask", "after": ["c.right"]}}
    choose = NodeType("choose", ports=("left", "right"))
    run = Driver(
        {"flow": "f", "nodes": nodes, "output": "${q}"}, nodes={"c": flaky, "q": asking}, types=[choose]
    ).start()
    for _ in range(3):
        run.run()
        run.advance(60)

    run.signal("answer", "forty-two")
    run.run()

    assert run.output == "forty-two"


def test_what_else_a_behaviour_raises_is_the_tests_own_mistake():
    """A typo in a test must not look like a node that failed."""
    run = Driver({"flow": "f", "nodes": {"a": {"use": "x"}}}, nodes={"a": lambda given: given["typo"]}).start()

    with pytest.raises(KeyError, match="typo"):
        run.run()


def test_a_once_node_says_that_it_starts():
    """A crash in the middle of it leaves it in doubt, as in production."""
    run = Driver({"flow": "f", "nodes": {"m": {"use": "mail"}}}, types=[NodeType("mail", effects="once")]).start()

    run.begin("m")
    run.crash()

    assert run.node("m").status == "unknown"
    run.signal("m", {"decision": "done"})
    assert run.status == "succeeded"


def test_a_signal_that_the_heart_refuses_is_refused():
    """With a code for programs and a sentence for people."""
    run = driver().start().run()
    run.signal("ok", {"approved": True})

    with pytest.raises(Refused) as refused:
        run.signal("ok", {"approved": True})

    assert refused.value.code == "answered"
    assert "ok" in str(refused.value)


def test_a_random_order_is_another_order_of_the_same_run():
    """One after another, the oldest first, unless a `Random` picks."""
    nodes = {name: {"use": "x"} for name in "abcdef"}
    document = {"flow": "f", "nodes": nodes, "output": {name: f"${{{name}}}" for name in nodes}}

    plain = Driver(document, nodes={"x": 1}).start().run()
    mixed = Driver(document, nodes={"x": 1}).start().run(Random(1))

    assert plain.output == mixed.output
    assert [fact.type for fact in plain.facts] == [fact.type for fact in mixed.facts]
    assert plain.facts != mixed.facts


def test_children_are_nodes_by_the_name_of_their_flow():
    """What a child run would give is a behaviour too."""
    nodes = {"c": {"use": "call", "with": {"flow": "child", "input": {"x": 2}}}}

    run = (
        Driver({"flow": "f", "nodes": nodes, "output": "${c}"}, nodes={"child": lambda given: given["x"] * 2})
        .start()
        .run()
    )

    assert run.output == 4


def test_a_cancel_stops_what_runs_when_the_run_goes_on():
    """`run` lets nodes that are to be stopped, stop."""
    run = Driver({"flow": "f", "nodes": {"a": {"use": "x"}}}).start()

    run.cancel("enough")
    assert run.status == "running"
    run.run()

    assert run.status == "cancelled"
    assert run.error is not None
    assert run.error["message"] == "enough"
