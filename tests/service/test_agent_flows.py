"""The documents behind the agent API: what is asked stands in the input, and nothing in it is taken for an expression."""

from dataclasses import replace

import pytest

from tenuto.core.flow import NodeType, read
from tenuto.core.flow.names import wrong_flow_name
from tenuto.ports.journal import RunEntry
from tenuto.service import workflows
from tenuto.service.agent_deltas import SaidWords, ToolNews, delta_of, log_text
from tenuto.service.agent_flows import Order, agent_of, execution, flow_of
from tenuto.service.agent_names import agents_named, unknown_agents
from tenuto.service.refusals import Invalid

AGENT = NodeType("agent", input_schema={"type": "object", "properties": {}, "additionalProperties": True})
ORDER = Order(agent="copywriter", task="${secrets.KEY}", parameters={"tone of voice": "${x}", "größe": 1}, model="a:b")


class TestExecution:
    def test_its_document_has_no_problems(self) -> None:
        """Whatever the parameters are called."""
        flow, problems = read(execution(ORDER), {"agent": AGENT})

        assert problems == []
        assert flow is not None
        assert flow.name == "agent-copywriter"

    def test_what_was_given_is_data(self) -> None:
        """SEMANTICS 43: an expression in a task is text; the document is the same for every task."""
        other = replace(ORDER, task="Another", parameters={"tone of voice": 2, "größe": None})

        assert execution(ORDER) == execution(other)
        assert ORDER.input == {
            "task": "${secrets.KEY}",
            "parameters": {"tone of voice": "${x}", "größe": 1},
            "model": "a:b",
        }

    @pytest.mark.parametrize(
        "name", ["agent", "task", "model", "session", "output", "runtime", "", "1a", "a\n", "a" * 64, 'a"]']
    )
    def test_parameters_that_could_be_taken_for_others_are_refused(self, name: str) -> None:
        """SEMANTICS 47."""
        with pytest.raises(Invalid):
            execution(replace(ORDER, parameters={name: 1}))

    @pytest.mark.parametrize(
        ("more", "said"), [({"runtime": "nativ"}, "did you mean `native`"), ({"output": {"type": 3}}, "output")]
    )
    def test_what_no_agent_could_be_given_is_refused_at_once(self, more: dict[str, object], said: str) -> None:
        """A run that can only fail is not begun."""
        with pytest.raises(Invalid) as refused:
            execution(replace(ORDER, **more))  # pyright: ignore[reportArgumentType]  of each field's own type

        assert said in str([str(problem) for problem in refused.value.problems])

    @pytest.mark.parametrize("name", ["a", "x-" * 31 + "y", "Backend Developer", "日本"])
    def test_the_flow_of_any_agent_has_a_name_that_flows_may_have(self, name: str) -> None:
        assert wrong_flow_name(flow_of(name)) == ""

    def test_only_a_run_of_ours_is_an_execution(self) -> None:
        """A label, or the name of a flow, alone is nothing: anybody may give them."""
        entry = RunEntry("id", "n", "agent-copywriter", "hash", "running", 1.0, labels={"agent": "copywriter"})

        assert agent_of(entry) == "copywriter"
        assert agent_of(replace(entry, flow="other")) is None
        assert agent_of(replace(entry, labels={})) is None


class TestWorkflow:
    def test_its_document_has_no_problems_and_is_always_the_same(self) -> None:
        """Neither the task nor the kind of agent is part of it, so nothing of them is taken for an expression."""
        flow, problems = read(workflows.document(), {"agent": AGENT})

        assert (flow is None, problems) == (False, [])


class TestDeltas:
    def test_what_an_agent_streams_is_read(self) -> None:
        """Words, tools, those of agents that it calls; anything else is none of its own."""
        assert delta_of({"text": "a"}) == SaidWords("a")
        assert delta_of({"text": "", "again": True, "agent": "b"}) == SaidWords("", "b", again=True)
        assert delta_of({"tool": "t", "call": 2, "status": "answered", "ms": 1500}) == ToolNews(
            tool="t", call=2, status="answered", seconds=1.5
        )
        assert delta_of({"tool": "t", "call": "x", "status": "odd"}) == ToolNews(tool="t", call=0, status="called")
        assert delta_of("text") is None
        assert delta_of({"n": 1}) is None

    def test_a_log_says_what_its_deltas_do_not(self) -> None:
        assert log_text({"text": "asked again"}) == "asked again"
        assert log_text({"text": "t answered", "fields": {"tool": "t", "ms": 3}}) == ""


class TestNames:
    def test_agents_are_found_at_any_depth_where_their_names_are_written(self) -> None:
        """`finally` too; a name that an expression makes is known only when the flow runs."""
        node = {"use": "agent", "with": {"agent": "x", "task": "t"}}
        document = {
            "nodes": {
                "a": node,
                "b": {"use": "map", "over": [], "nodes": {"c": node}},
                "d": {"use": "agent", "with": {"agent": "${input.who}"}},
                "e": {"use": "agent", "with": {"agent": {"name": "y", "prompt": "p"}}},
            },
            "finally": {"nodes": {"f": node}},
        }

        assert [path for path, _ in agents_named(document)] == [
            "nodes.a.with.agent",
            "nodes.b.nodes.c.with.agent",
            "finally.nodes.f.with.agent",
        ]
        assert list(agents_named(None)) == []

    def test_those_that_are_not_there_are_warned_of(self) -> None:
        (problem,) = unknown_agents([("a", "copywritr"), ("b", "copywriter")], ["copywriter"])

        assert (problem.path, problem.severity, problem.hint) == ("a", "warning", "did you mean `copywriter`?")
