"""Retry and fork of a run, in the heart: what another run recorded is taken over (SEMANTICS 17, 37, 38)."""

from typing import Any

import pytest

from tenuto.core.commands import RunNode
from tenuto.core.events import NodeReused
from tenuto.core.machine import origin_of
from tenuto.testing.driver import Driver

from .drive import TYPES, WORK, drive, given, running, work

CHAIN: dict[str, Any] = {
    "a": work(**{"with": {"value": "${input.n}"}}),
    "b": work(**{"with": {"value": "${a}"}}),
    "c": work(**{"with": {"value": "${b}"}}),
}
KEYS: dict[str, Any] = {"input": {"n": "integer"}, "output": "${c}"}


def chain(*, given: Any = None, nodes: dict[str, Any] | None = None, **more: Any) -> Driver:
    return drive(nodes or CHAIN, given=given or {"n": 1}, **KEYS, **more)


def failed_at_c() -> Driver:
    driver = chain()
    driver.succeed("a", 10)
    driver.succeed("b", 20)
    driver.fail("c")
    return driver


def again(first: Driver, **how: Any) -> Driver:
    """A new run of the same flow with the first as its origin."""
    flow = how.pop("flow", first.flow)
    given = how.pop("input", first.about.input)
    key_base = how.pop("key_base", "")
    origin = origin_of(first.flow, first.facts, run="run-1", **how)
    return Driver(flow, input=given, origin=origin, types=TYPES, run="run-2", key_base=key_base).start()


def reused(driver: Driver) -> list[str]:
    return [fact.path for fact in driver.facts if isinstance(fact, NodeReused)]


class TestRetry:
    def test_what_succeeded_is_reused_and_what_failed_runs_again(self):
        """SEMANTICS 38: `retry` without `from` re-runs what failed or was cancelled."""
        second = again(failed_at_c())

        assert reused(second) == ["a", "b"]
        assert running(second) == ["c"]
        second.succeed("c", 30)
        assert second.output == 30

    def test_a_reused_node_has_the_port_and_the_output_that_it_had(self):
        """SEMANTICS 37: `node.reused{from}`."""
        second = again(failed_at_c())

        view = second.node("a")
        assert (view.status, view.port, view.output) == ("reused", "done", 10)
        assert [fact.from_ for fact in second.facts if isinstance(fact, NodeReused)] == ["run-1", "run-1"]

    def test_the_original_is_untouched(self):
        """The original is never overwritten."""
        first = failed_at_c()
        before = list(first.facts)

        again(first).succeed("c")

        assert first.facts == before

    def test_recorded_steps_of_what_failed_are_kept(self):
        """SEMANTICS 38: keeps its recorded steps."""
        first = chain()
        first.step("a", "llm:1", "hello", input_hash="h")
        first.fail("a")

        second = again(first, keep_steps=True)

        command = second.command("a")
        assert isinstance(command, RunNode)
        assert command.steps == {"llm:1": ("h", "hello")}

    def test_the_steps_that_were_kept_are_recorded_in_the_new_run(self):
        """SEMANTICS 30: the new journal stands by itself."""
        first = chain()
        first.step("a", "one", 1)
        first.step("a", "two", 2)
        first.fail("a")
        second = again(first, keep_steps=True)

        second.crash()

        assert list(second.command("a").steps) == ["one", "two"]  # type: ignore[union-attr]

    def test_steps_of_a_node_whose_input_was_edited_are_not_kept(self):
        """SEMANTICS 38: they answered another question."""
        first = chain()
        first.step("a", "llm:1", "hello", input_hash="h")
        first.fail("a")

        second = again(first, keep_steps=True, edits={"a.input": {"value": 2}})

        assert second.command("a").steps == {}  # type: ignore[union-attr]

    def test_the_keys_are_the_origins(self):
        """SEMANTICS 38: the origin's idempotency keys, so that an effect which did happen is recognised."""
        second = again(failed_at_c(), key_base="run-1")

        assert second.command("c").key == "run-1/c"  # type: ignore[union-attr]

    def test_from_runs_a_node_and_what_follows_anew(self):
        """SEMANTICS 37: except at `from` and downstream, even if the result is the same."""
        second = again(failed_at_c(), redo="b")

        assert reused(second) == ["a"]
        second.succeed("b", 20)
        assert running(second) == ["c"]

    def test_failed_items_alone_are_run_again(self):
        """SEMANTICS 17: retrying a run with `collect` re-runs the failed items only."""
        body = {
            "use": "map",
            "over": "${[1, 2, 3]}",
            "nodes": {"x": work(**{"with": {"value": "${item}"}})},
            "output": "${x}",
        }
        first = drive({"m": {**body, "on_error": "collect"}}, output="${m}")
        first.succeed("m[0].x", "a")
        first.fail("m[1].x")
        first.succeed("m[2].x", "c")
        assert first.status == "succeeded"

        second = again(first)

        assert running(second) == ["m[1].x"]
        second.succeed("m[1].x", "b")
        assert second.output == {"items": ["a", "b", "c"], "errors": []}

    def test_items_of_a_map_that_failed_are_reused(self):
        """SEMANTICS 37: path by path."""
        first = drive({"m": {"use": "map", "over": "${[1, 2]}", "nodes": {"x": WORK}, "output": "${x}"}}, output="${m}")
        first.succeed("m[0].x", "a")
        first.fail("m[1].x")

        second = again(first)

        assert running(second) == ["m[1].x"]

    def test_nodes_that_only_compute_are_decided_afresh(self):
        """SEMANTICS 37: the new run decides afresh."""
        nodes = {"a": WORK, "s": {"use": "set", "with": {"value": "${a}"}}, "c": work(after=["s"])}
        first = drive(nodes)
        first.succeed("a", 1)
        first.fail("c")

        second = again(first)

        assert second.node("s").output == 1
        assert running(second) == ["c"]


class TestFork:
    def test_another_input_runs_what_depends_on_it(self):
        """SEMANTICS 37: the same definition and the same bound input."""
        nodes = {**CHAIN, "d": work(**{"with": {"value": "fixed"}})}
        first = chain(nodes=nodes)
        first.succeed("a", 10)
        first.succeed("d", 40)

        second = again(first, input={"n": 2})

        assert reused(second) == ["d"]
        assert running(second) == ["a"]

    def test_a_result_that_comes_out_the_same_lets_the_rest_be_reused(self):
        """SEMANTICS 37: the input is compared, not where it came from."""
        second = again(failed_at_c(), input={"n": 2})

        second.succeed("a", 10)

        assert reused(second) == ["b"]

    def test_results_after_a_given_seq_are_not_used(self):
        """SEMANTICS 37: results after a given seq."""
        first = failed_at_c()

        second = again(first, before=2)

        assert reused(second) == ["a"]
        assert running(second) == ["b"]

    def test_an_edited_node_runs_again(self):
        """SEMANTICS 37: on an edited document, with the same definition."""
        first = failed_at_c()
        edited = {**CHAIN, "b": work(retry={"attempts": 2}, **{"with": {"value": "${a}", "more": 1}})}

        second = again(first, flow=chain(nodes=edited).flow)

        assert reused(second) == ["a"]
        assert running(second) == ["b"]

    def test_a_node_that_is_new_runs(self):
        """SEMANTICS 37: the others are reused around it."""
        first = failed_at_c()
        edited = {**CHAIN, "n": WORK, "c": work(after=["n"], **{"with": {"value": "${b}"}})}

        second = again(first, flow=chain(nodes=edited).flow)

        assert reused(second) == ["a", "b"]
        assert running(second) == ["n"]

    def test_an_edited_output_stands_in_for_the_node(self):
        """SEMANTICS 38: `edits: {"plan.output": v}`; what depends on it runs anew."""
        second = again(failed_at_c(), edits={"b.output": 99})

        assert second.node("b").output == 99
        assert given(second, "c") == {"value": 99}

    def test_an_edited_input_of_a_node_runs_it_anew(self):
        """SEMANTICS 38: `edits: {"plan.input": {…}}`."""
        second = again(failed_at_c(), edits={"b.input": {"value": 7}})

        assert reused(second) == ["a"]
        assert given(second, "b") == {"value": 7}

    def test_a_fork_takes_new_keys(self):
        """SEMANTICS 38."""
        second = again(failed_at_c())

        assert second.command("c").key == "run-2/c"  # type: ignore[union-attr]

    def test_secrets_compare_by_name(self):
        """SEMANTICS 37: the value never was in the journal."""
        nodes = {"a": work(**{"with": {"key": "${secrets.KEY}"}}), "b": work(after=["a"])}
        first = drive(nodes)
        first.succeed("a")
        first.crash()

        assert reused(again(first)) == ["a"]

    @pytest.mark.parametrize(("field", "taken"), [("assignees", True), ("question", False), ("show", False)])
    def test_an_approval_is_reused_only_if_what_was_asked_is_equal(self, field: str, taken: bool):
        """SEMANTICS 37: if `question` and `show` are equal; who may answer is no part of the question."""
        asked = {
            "question": "Run it?",
            "show": "the plan",
            field: ["${input.x}"] if field == "assignees" else "${input.x}",
        }
        nodes = {"ok": {"use": "approval", "with": asked}, "b": work(after=["ok"])}
        first = drive(nodes, input={"x": "string"}, given={"x": "one"})
        first.signal("ok", {"approved": True}, by="ann")

        second = again(first, input={"x": "two"})

        assert (second.node("ok").status == "reused") is taken

    def test_a_reused_result_is_in_the_new_journal(self):
        """SEMANTICS 30: a crash needs the origin for nothing that was taken over."""
        second = again(failed_at_c())

        second.origin = None
        second.crash()

        assert running(second) == ["c"]
        assert given(second, "c") == {"value": 20}

    def test_a_finished_wait_is_not_waited_for_again(self):
        """SEMANTICS 37: a wait has a result as any node has."""
        first = drive({"w": {"use": "wait", "with": {"signal": "go"}}, "b": work(**{"with": {"value": "${w}"}})})
        first.signal("go", 5)
        first.fail("b")

        second = again(first)

        assert given(second, "b") == {"value": 5}

    def test_a_child_that_succeeded_is_not_called_again(self):
        """SEMANTICS 37, 39: with the same flow and input."""
        nodes = {
            "c": {"use": "call", "with": {"flow": "child", "input": {"x": 1}}},
            "b": work(**{"with": {"value": "${c}"}}),
        }
        first = drive(nodes)
        first.succeed("c", 5)
        first.fail("b")

        second = again(first)

        assert reused(second) == ["c"]

    def test_a_fork_of_a_fork_reuses_what_was_reused(self):
        """SEMANTICS 37: a reused result is a result."""
        second = again(failed_at_c())
        second.fail("c")

        third = again(second)

        assert reused(third) == ["a", "b"]


class TestAnEditedFlow:
    def test_what_follows_is_asked_of_the_new_flow(self):
        """SEMANTICS 37: downstream of `from` in the document that runs, not in the one that ran."""
        nodes = {"a": work(**{"with": {"value": 1}}), "d": work(**{"with": {"value": 2}})}
        first = drive(nodes)
        first.succeed("a", 1)
        first.succeed("d", 2)
        edited = drive({**nodes, "d": {**nodes["d"], "after": ["a"]}}).flow

        second = again(first, flow=edited, onto=edited, redo="a")
        second.succeed("a", 1)

        assert reused(second) == []
        assert running(second) == ["d"]

    @pytest.mark.parametrize(
        ("node", "output", "port"),
        [
            ({"use": "set", "with": {"value": 1}}, 2, "done"),
            ({"use": "if", "with": {"condition": True}}, False, "false"),
            ({"use": "switch", "with": {"value": "x", "cases": ["x", "y"]}}, "y", "y"),
            ({"use": "approval", "with": {"question": "?"}}, {"by": "me"}, "approved"),
            ({"use": "map", "over": [1], "nodes": {"w": WORK}}, [7], "done"),
        ],
    )
    def test_an_output_given_by_hand_fires_the_port_that_fits(self, node, output, port):
        """SEMANTICS 38: `edits: {"plan.output": v}`, whatever kind of node it is."""
        first = drive({"n": node})

        second = again(first, edits={"n.output": output})

        assert second.node("n").port == port
        assert second.node("n").output == output
