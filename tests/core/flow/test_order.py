"""Nodes that wait for each other, ports that do not exist, and nodes that never run."""

import pytest

SET = "use: set, with: {value: 1}"


class TestCycles:
    def test_the_nodes_are_named_in_order(self, wrong_nodes):
        found = wrong_nodes(
            "  a: {use: set, with: {value: '${c}'}}\n  b: {use: set, after: a, with: {value: 1}}\n  c: {use: set, with: {value: '${b ?? 1}'}}"
        )

        assert (found.path, found.code) == ("nodes.a", "cycle")
        assert "a → b → c → a" in found.message

    def test_a_node_that_uses_itself(self, wrong_nodes):
        assert wrong_nodes("  a: {use: set, with: {value: '${a}'}}").message == "`a` waits for itself"

    def test_a_body_that_uses_its_container(self, wrong_nodes):
        assert wrong_nodes("  a: {use: map, over: [1], nodes: {x: {use: set, with: {value: '${a}'}}}}").code == "cycle"

    def test_through_a_body(self, wrong_nodes):
        found = wrong_nodes(
            "  a: {use: map, over: [1], nodes: {x: {use: set, with: {value: '${b}'}}}}\n  b: {use: set, with: {value: '${a}'}}"
        )

        assert "a → b → a" in found.message

    def test_each_is_found_once(self, problems):
        found = problems(
            "flow: a\nnodes:\n"
            + "\n".join(
                f"  {one}: {{use: set, after: {other}, with: {{value: 1}}}}"
                for one, other in ("ab", "ba", "cd", "dc", "ea")
            )
        )

        assert [each.path for each in found] == ["nodes.a", "nodes.c"]

    def test_a_long_chain_is_none(self):
        from tenuto.core.flow import read

        nodes = {f"n{i}": {"use": "set", "with": {"value": f"${{n{i + 1}}}" if i < 2_999 else 1}} for i in range(3_000)}

        assert read({"flow": "a", "nodes": nodes})[1] == []


class TestPorts:
    @pytest.mark.parametrize(
        ("node", "port", "hint"),
        [
            ("use: if, with: {condition: true}", "yes", "it has: true, false, error"),
            ("use: approval, with: {question: a}", "aproved", "did you mean `approved`?"),
            ("use: switch, with: {value: x, cases: [urgent]}", "urgnt", "did you mean `urgent`?"),
            ("use: mail.sort", "hamm", "did you mean `ham`?"),
            ("use: debug.echo, with: {value: 1}", "ok", "it has: done, error"),
        ],
    )
    def test_an_unknown_port(self, wrong_nodes, node, port, hint):
        found = wrong_nodes(f"  a: {{{node}}}\n  b: {{{SET}, after: a.{port}}}")

        assert (found.path, found.code, found.hint) == ("nodes.b.after", "unknown_port", hint)

    @pytest.mark.parametrize("port", ["default", "urgent", "error"])
    def test_those_of_a_switch(self, nodes, port):
        """SEMANTICS 16."""
        nodes(f"  a: {{use: switch, with: {{value: x, cases: [urgent]}}}}\n  b: {{{SET}, after: a.{port}}}")

    def test_an_unknown_node(self, wrong_nodes):
        found = wrong_nodes(f"  plan: {{{SET}}}\n  b: {{{SET}, after: [plam]}}")

        assert (found.path, found.code, found.hint) == ("nodes.b.after[0]", "unknown_node", "did you mean `plan`?")

    @pytest.mark.parametrize(
        "after",
        [
            "5",
            "{all: [a]}",
            "{any: []}",
            "[[a]]",
            "{any: [a?]}",
            "a.done?",
            "'${a}'",
            "a b",
            "''",
            "[null]",
            "{any: a}",
            "{any: [5]}",
        ],
    )
    def test_what_is_no_entry(self, wrong_nodes, after):
        """SEMANTICS 9."""
        assert wrong_nodes(f"  a: {{{SET}}}\n  b: {{{SET}, after: {after}}}").code == "wrong_after"


class TestUnreachable:
    @pytest.mark.parametrize(
        "after", ["[i.true, i.false]", "[x, i.false]", "[x, z]", "[{any: [x]}, z]", "[i.error, x]"]
    )
    def test_what_contradicts_itself_is_an_error(self, wrong_nodes, after):
        found = wrong_nodes(
            f"  i: {{use: if, with: {{condition: true}}}}\n  x: {{{SET}, after: i.true}}\n  z: {{{SET}, after: i.false}}\n  b: {{{SET}, after: {after}}}"
        )

        assert (found.path, found.code, found.severity) == ("nodes.b", "unreachable", "error")

    @pytest.mark.parametrize(
        "after", ["[{any: [i.true, i.false]}]", "[{any: [x, z]}]", "['x?', z]", "[x, i]", "[x, i.true]"]
    )
    def test_what_may_happen_is_none(self, nodes, after):
        nodes(
            f"  i: {{use: if, with: {{condition: true}}}}\n  x: {{{SET}, after: i.true}}\n  z: {{{SET}, after: i.false}}\n  b: {{{SET}, after: {after}}}"
        )

    @pytest.mark.parametrize(
        ("node", "after"),
        [
            ("use: finish", "a"),
            ("use: fail, with: {message: no}", "a"),
            ("use: wait, with: {signal: x}", "a.timeout"),
            ("use: wait, with: {for: 1s}", "a.timeout"),
            ("use: approval, with: {question: q}", "a.timeout"),
        ],
    )
    def test_what_waits_for_nothing_is_a_warning(self, wrong_nodes, node, after):
        found = wrong_nodes(f"  a: {{{node}}}\n  b: {{{SET}, after: {after}}}")

        assert (found.path, found.code, found.severity) == ("nodes.b", "unreachable", "warning")

    def test_after_a_failure_somebody_may_run(self, nodes):
        """SEMANTICS 19: `fail` is an ordinary failure."""
        nodes(f"  a: {{use: fail, with: {{message: no}}}}\n  b: {{{SET}, after: a.error}}")

    def test_nodes_behind_an_unreachable_one_are_not_named_again(self, problem):
        found = problem(f"flow: a\nnodes:\n  a: {{use: finish}}\n  b: {{{SET}, after: a}}\n  c: {{{SET}, after: b}}")

        assert found.path == "nodes.b"
