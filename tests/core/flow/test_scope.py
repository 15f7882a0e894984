"""Which names an expression may use where it stands (SEMANTICS 2, 4, 43)."""

import pytest


def value(expression, beside=""):
    return f'flow: a\n{beside}\nnodes:\n  a: {{use: debug.echo, with: {{value: "${{{expression}}}"}}}}\n'


class TestEverywhere:
    @pytest.mark.parametrize("name", ["id", "name", "tenant", "stage", "started_at"])
    def test_the_run(self, flow, name):
        flow(value(f"run.{name}"))

    def test_variables_are_collected(self, flow):
        assert flow(value("vars.A + vars.B.c")).vars == {"A", "B"}

    def test_the_trigger(self, flow):
        flow(value("trigger.body.id"))

    @pytest.mark.parametrize(
        ("expression", "hint"),
        [
            ("plam", "did you mean `plan`?"),
            ("item", "only the nodes of a `map` know it"),
            ("turn.value", "only the nodes of a `loop` know it"),
        ],
    )
    def test_an_unknown_name(self, problem, expression, hint):
        text = f"flow: a\nnodes:\n  plan: {{use: set, with: {{value: 1}}}}\n  b: {{use: set, with: {{value: '${{{expression}}}'}}}}"

        found = problem(text)

        assert (found.path, found.code, found.hint) == ("nodes.b.with.value", "unknown_name", hint)

    def test_the_run_has_no_other_fields(self, problem):
        assert problem(value("run.nam")).hint == "did you mean `name`?"

    @pytest.mark.parametrize("name", ["status", "error"])
    def test_only_finally_knows_how_the_run_ended(self, problem, name):
        """SEMANTICS 15."""
        assert problem(value(f"run.{name}")).hint == "only `finally` knows how the run ended"

    def test_a_variable_is_named(self, problem):
        assert problem(value("vars")).code == "unnamed"

    def test_variables_of_comprehensions_are_no_names(self, flow):
        flow(value("[1, 2].map(x, x + 1)"))


class TestContainers:
    def test_item_and_index(self, nodes):
        nodes("  m: {use: map, over: [1], nodes: {x: {use: set, with: {value: '${item + index}'}}}}")

    def test_an_item_with_a_name_is_not_called_item(self, wrong_nodes):
        found = wrong_nodes("  m: {use: map, over: [1], as: one, nodes: {x: {use: set, with: {value: '${item}'}}}}")

        assert found.code == "unknown_name"

    def test_inner_bodies_see_what_is_around_them(self, nodes):
        nodes(
            "  a: {use: set, with: {value: 1}}\n  m:\n    use: map\n    over: [1]\n    as: one\n    nodes:\n      l:\n"
            "        use: loop\n        max: 1\n        nodes: {x: {use: set, with: {value: '${one + index + turn.index + a}'}}}"
        )

    def test_a_body_is_not_seen_from_outside(self, wrong_nodes):
        found = wrong_nodes(
            "  m: {use: map, over: [1], nodes: {x: {use: set, with: {value: 1}}}}\n  b: {use: set, with: {value: '${x}'}}"
        )

        assert (found.path, found.code) == ("nodes.b.with.value", "unknown_name")

    def test_over_and_carry_are_read_outside(self, problems):
        found = problems(
            "flow: a\nnodes:\n  m: {use: map, over: '${item}', nodes: {x: {use: set, with: {value: 1}}}}\n  l: {use: loop, max: 1, carry: '${turn}', nodes: {y: {use: set, with: {value: 1}}}}"
        )

        assert [each.path for each in found] == ["nodes.m.over", "nodes.l.carry"]


class TestSecrets:
    def test_they_stand_in_with_of_library_nodes(self, nodes):
        """SEMANTICS 43."""
        flow = nodes("  a: {use: debug.echo, with: {value: 'Bearer ${secrets.TOKEN}'}}")

        assert flow.secrets == {"TOKEN"}

    @pytest.mark.parametrize(
        "node",
        [
            "{use: agent, with: {agent: x, task: '${secrets.TOKEN}'}}",
            "{use: set, with: {value: '${secrets.TOKEN}'}}",
            "{use: finish, with: {output: '${secrets.TOKEN}'}}",
            "{use: debug.echo, when: '${secrets.TOKEN}', with: {value: 1}}",
            "{use: call, with: {flow: b, input: {x: '${secrets.TOKEN}'}}}",
        ],
    )
    def test_and_nowhere_else(self, problems, node):
        """SEMANTICS 43."""
        found = problems(f"flow: a\nnodes: {{a: {node}}}")

        assert "secret_not_allowed" in {each.code for each in found}

    def test_not_even_in_an_output(self, problem):
        assert (
            problem("flow: a\nnodes: {a: {use: set, with: {value: 1}}}\noutput: ${secrets.TOKEN}").code
            == "secret_not_allowed"
        )


class TestExpressionErrors:
    def test_one_that_does_not_compile_is_a_problem_with_its_place(self, problem):
        found = problem('flow: a\nnodes:\n  a: {use: set, with: {value: {deep: ["x ${1 +}"]}}}')

        assert found.path == "nodes.a.with.value.deep[0]"
        assert found.code.startswith("expression_")
        assert found.offset is not None

    def test_a_literal_dollar_brace(self, nodes):
        """SEMANTICS 1: `$${` is a literal `${`."""
        node = nodes("  a: {use: set, with: {value: '$${x}'}}").body.nodes["a"]

        assert node.with_["value"].is_literal

    def test_the_fields_of_an_error_are_known(self, wrong_nodes):
        found = wrong_nodes(
            "  a: {use: debug.echo, with: {value: 1}}\n  b: {use: set, with: {value: '${a.error.mesage}'}}"
        )

        assert found.hint == "did you mean `message`?"
