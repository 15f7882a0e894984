"""The nodes built in to the heart, one by one (SEMANTICS 15 to 19)."""

import pytest

BODY = "nodes: {x: {use: set, with: {value: 1}}}"


def with_inputs(use, inputs, beside=""):
    return f"  a:\n    use: {use}\n    with: {inputs}\n{beside}"


class TestRight:
    @pytest.mark.parametrize(
        ("use", "inputs"),
        [
            ("set", "{value: null}"),
            ("set", "{value: {deep: ['${1 + 1}']}}"),
            ("if", "{condition: true}"),
            ("if", '{condition: "${1 < 2}"}'),
            ("switch", "{value: x, cases: [a, b, New York]}"),
            ("switch", '{cases: {a: "${1 < 2}", b: true}}'),
            ("wait", "{for: 10m}"),
            ("wait", "{for: 1.5}"),
            ("wait", '{for: "${1 + 1}"}'),
            ("wait", '{until: "2030-01-31T09:00:00Z"}'),
            ("wait", "{until: 2030-01-31T09:00:00+02:00}"),
            ("wait", "{signal: paid}"),
            ("approval", "{question: Go?, show: {a: 1}, form: {type: object}, assignees: [ann, bob]}"),
            ("call", "{flow: other-flow, version: 3, input: {a: 1}}"),
            ("call", '{flow: "${vars.which}", input: "${vars.all}"}'),
            ("finish", "{output: 1}"),
            ("finish", "{}"),
            ("fail", "{message: no, type: refused}"),
        ],
    )
    def test_what_it_takes(self, nodes, use, inputs):
        assert nodes(with_inputs(use, inputs)).body.nodes["a"].use == use

    def test_switch_keeps_its_cases(self, nodes):
        """SEMANTICS 16: a list of texts, or names with conditions; the names stand in `cases` either way."""
        listed = nodes(with_inputs("switch", "{value: x, cases: [b, a]}")).body.nodes["a"]
        asked = nodes(with_inputs("switch", '{cases: {b: "${1 < 2}", a: true}}')).body.nodes["a"]

        assert (listed.cases, listed.conditions) == (("b", "a"), ())
        assert (asked.cases, [name for name, _ in asked.conditions]) == (("b", "a"), ["b", "a"])

    def test_a_map(self, nodes):
        found = nodes(
            "  a: {use: map, over: [1, 2], as: one, concurrency: 4, max_items: 1000000, on_error: collect, nodes: {x: {use: set, with: {value: '${one + index}'}}}, output: '${x}'}"
        ).body.nodes["a"]

        assert (found.item_name, found.max_items, found.on_error) == ("one", 1_000_000, "collect")
        assert found.body is not None
        assert found.body.output is not None

    def test_a_loop(self, nodes):
        found = nodes(
            "  a: {use: loop, max: 5, carry: 0, until: '${turn.value > 3 && turn.index > 1}', nodes: {x: {use: set, with: {value: '${turn.value + 1}'}}}, output: '${x}'}"
        ).body.nodes["a"]

        assert (found.max_turns, found.until is not None, found.carry is not None) == (5, True, True)

    def test_finally(self, flow):
        """SEMANTICS 15: it sees the nodes of the flow, and how the run ended; five minutes unless it says otherwise."""
        text = "flow: a\nnodes: {a: {use: set, with: {value: 1}}}\nfinally:\n  nodes: {z: {use: set, with: {value: ['${run.status}', '${run.error}', '${a ?? 0}']}}}\n"

        assert flow(text).finally_timeout == 300
        assert flow(text + "  timeout: 10s").finally_timeout == 10


class TestWrong:
    @pytest.mark.parametrize(
        ("use", "inputs", "path"),
        [
            ("set", "{}", "nodes.a.with"),
            ("set", "{value: 1, valu: 2}", "nodes.a.with.valu"),
            ("if", "{condition: x > 1}", "nodes.a.with.condition"),
            ("if", "{condition: 1}", "nodes.a.with.condition"),
            ("if", "{condition: '${1} ${2}'}", "nodes.a.with.condition"),
            ("switch", "{cases: [a]}", "nodes.a.with"),
            ("switch", "{value: x}", "nodes.a.with"),
            ("switch", "{value: x, cases: []}", "nodes.a.with.cases"),
            ("switch", "{value: x, cases: {}}", "nodes.a.with.cases"),
            ("switch", "{value: x, cases: a}", "nodes.a.with.cases"),
            ("switch", "{value: x, cases: [a, a]}", "nodes.a.with.cases[1]"),
            ("switch", "{value: x, cases: [1]}", "nodes.a.with.cases[0]"),
            ("switch", "{cases: {a: text}}", "nodes.a.with.cases.a"),
            ("wait", "{}", "nodes.a.with"),
            ("wait", "{for: 1s, signal: x}", "nodes.a.with"),
            ("wait", "{for: soon}", "nodes.a.with.for"),
            ("wait", "{for: -1}", "nodes.a.with.for"),
            ("wait", "{until: tomorrow}", "nodes.a.with.until"),
            ("wait", "{until: 2030-01-31}", "nodes.a.with.until"),
            ("wait", "{signal: 5}", "nodes.a.with.signal"),
            ("approval", "{}", "nodes.a.with"),
            ("approval", "{question: 5}", "nodes.a.with.question"),
            ("approval", "{question: a, form: [x]}", "nodes.a.with.form"),
            ("approval", "{question: a, form: {type: objekt}}", "nodes.a.with.form.type"),
            ("approval", "{question: a, assignees: ann}", "nodes.a.with.assignees"),
            ("call", "{}", "nodes.a.with"),
            ("call", "{flow: Not A Name}", "nodes.a.with.flow"),
            ("call", "{flow: b, version: 1.5}", "nodes.a.with.version"),
            ("call", "{flow: b, input: 5}", "nodes.a.with.input"),
            ("fail", "{}", "nodes.a.with"),
            ("fail", "{message: 5}", "nodes.a.with.message"),
        ],
    )
    def test_what_it_does_not_take(self, wrong_nodes, use, inputs, path):
        assert wrong_nodes(with_inputs(use, inputs)).path == path

    @pytest.mark.parametrize("case", ["default", "error"])
    def test_names_that_are_never_cases(self, wrong_nodes, case):
        """SEMANTICS 16."""
        assert wrong_nodes(with_inputs("switch", f"{{value: x, cases: [{case}]}}")).code == "wrong_case"
        assert wrong_nodes(with_inputs("switch", f"{{cases: {{{case}: true}}}}")).code == "wrong_case"

    def test_a_condition_without_braces_gets_them_in_the_hint(self, wrong_nodes):
        assert wrong_nodes(with_inputs("if", "{condition: a > 1}")).hint == "write `${a > 1}`"

    def test_an_expression_with_something_around_it_is_told_so_on_one_line(self, wrong_nodes):
        """Such as the line break that a YAML block leaves at the end."""
        wrong = wrong_nodes("  a:\n    use: set\n    when: |\n      ${1 < 2}\n    with: {value: 1}\n")

        assert wrong.message == "`when` is the text `${1 < 2}\\n`, not one `${…}`"
        assert "around" in wrong.hint
        assert "\n" not in str(wrong)

    @pytest.mark.parametrize(
        ("keys", "path"),
        [
            (f"use: map, {BODY}", "nodes.a"),
            ("use: map, over: [1]", "nodes.a"),
            (f"use: map, over: 5, {BODY}", "nodes.a.over"),
            (f"use: map, over: input.x, {BODY}", "nodes.a.over"),
            (f"use: map, over: [1], concurrency: 0, {BODY}", "nodes.a.concurrency"),
            (f"use: map, over: [1], concurrency: many, {BODY}", "nodes.a.concurrency"),
            (f"use: map, over: [1], max_items: 1000001, {BODY}", "nodes.a.max_items"),
            (f"use: map, over: [1], on_error: ignore, {BODY}", "nodes.a.on_error"),
            (f"use: map, over: [1], with: {{x: 1}}, {BODY}", "nodes.a.with"),
            ("use: map, over: [1], nodes: {}", "nodes.a.nodes"),
            (f"use: loop, {BODY}", "nodes.a"),
            (f"use: loop, max: 0, {BODY}", "nodes.a.max"),
            (f"use: loop, max: true, {BODY}", "nodes.a.max"),
            (f"use: loop, max: 2, until: done, {BODY}", "nodes.a.until"),
            (f"use: loop, max: 2, over: [1], {BODY}", "nodes.a.over"),
        ],
    )
    def test_wrong_containers(self, wrong_nodes, keys, path):
        """SEMANTICS 17, 18: `over` and `max` are not optional."""
        assert wrong_nodes(f"  a: {{{keys}}}").path == path

    def test_a_timeout_beside_a_time_means_nothing(self, wrong_nodes):
        found = wrong_nodes(with_inputs("wait", "{for: 1s}", "    timeout: 5s"))

        assert (found.severity, found.code) == ("warning", "no_effect")

    @pytest.mark.parametrize("timeout", ["soon", "-1", "true", "[1]", "5 m", "1e3s"])
    def test_a_wrong_timeout(self, wrong_nodes, timeout):
        assert (
            wrong_nodes(f"  a: {{use: debug.echo, with: {{value: 1}}, timeout: {timeout}}}").path == "nodes.a.timeout"
        )
