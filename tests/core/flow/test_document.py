"""The keys of a flow and of its nodes, ids and names, and the limits (SEMANTICS 1, 2, 5)."""

import pytest

SET = "{use: set, with: {value: 1}}"
ONE = f"nodes: {{a: {SET}}}"


class TestFlow:
    def test_the_smallest_flow(self, flow):
        found = flow(f"flow: a\n{ONE}")

        assert found.name == "a"
        assert list(found.body.nodes) == ["a"]
        assert found.input_schema is None
        assert found.finally_ is None

    def test_nodes_stand_in_the_order_of_the_document(self, flow):
        found = flow(f"flow: a\nnodes: {{z: {SET}, a: {SET}, m: {SET}}}")

        assert list(found.body.nodes) == ["z", "a", "m"]

    @pytest.mark.parametrize("missing", ["flow", "nodes"])
    def test_name_and_nodes_are_needed(self, problem, missing):
        text = "flow: a" if missing == "nodes" else ONE

        assert problem(text).message == f"a flow needs `{missing}`"

    @pytest.mark.parametrize("name", ["Research", "a_b", "-a", "a--b", "1a", "a b", "x" * 64, ""])
    def test_a_flow_has_a_kebab_case_name(self, problem, name):
        assert problem(f"flow: {name!r}\n{ONE}").path == "flow"

    def test_a_name_that_is_nearly_right_is_mended_in_the_hint(self, problem):
        assert problem(f"flow: My Research_Flow\n{ONE}").hint == "write `my-research-flow`"

    @pytest.mark.parametrize(
        ("key", "hint"),
        [
            ("inputs", "use `input`"),
            ("steps", "use `nodes`"),
            ("outputt", "did you mean `output`?"),
            ("on", "use `triggers`"),
        ],
    )
    def test_an_unknown_key_is_named_with_what_was_meant(self, problem, key, hint):
        found = problem(f"flow: a\n{ONE}\n{key}: {{}}")

        assert (found.path, found.code, found.hint) == (key, "unknown_key", hint)

    @pytest.mark.parametrize("value", ["5", "[1]", "text", "null"])
    def test_nodes_are_an_object(self, problem, value):
        assert problem(f"flow: a\nnodes: {value}").code == "wrong_type"

    def test_a_flow_without_any_node_is_refused(self, problem):
        assert problem("flow: a\nnodes: {}").code == "empty"


class TestIds:
    @pytest.mark.parametrize("name", ["a", "a1", "a_b", "x" * 63])
    def test_what_an_id_looks_like(self, nodes, name):
        """SEMANTICS 2."""
        assert list(nodes(f"  {name}: {SET}").body.nodes) == [name]

    @pytest.mark.parametrize("name", ["A", "1a", "a-b", "_a", "a.b", "ä", "x" * 64, "a b"])
    def test_what_is_no_id(self, wrong_nodes, name):
        assert wrong_nodes(f"  {name}: {SET}").code == "wrong_id"

    @pytest.mark.parametrize(
        "name", ["input", "item", "index", "turn", "run", "vars", "secrets", "trigger", "true", "false", "null"]
    )
    def test_words_that_mean_something_are_refused(self, wrong_nodes, name):
        """SEMANTICS 2."""
        assert wrong_nodes(f"  {name}: {SET}").code == "wrong_id"

    @pytest.mark.parametrize(
        "name",
        [
            "as",
            "break",
            "const",
            "continue",
            "else",
            "for",
            "function",
            "if",
            "import",
            "in",
            "let",
            "loop",
            "package",
            "namespace",
            "return",
            "var",
            "void",
            "while",
        ],
    )
    def test_reserved_words_of_cel_are_refused(self, wrong_nodes, name):
        """SEMANTICS 2: a node of that name could not be referenced."""
        assert wrong_nodes(f"  {name}: {SET}").code == "wrong_id"

    def test_the_hint_gives_an_id_that_would_do(self, wrong_nodes):
        assert wrong_nodes(f"  My-Node: {SET}").hint == "write `my_node`"

    def test_a_body_may_not_repeat_an_id_around_it(self, wrong_nodes):
        """SEMANTICS 2."""
        found = wrong_nodes(f"  a: {{use: map, over: [1], nodes: {{b: {{use: loop, max: 1, nodes: {{a: {SET}}}}}}}}}")

        assert (found.path, found.code) == ("nodes.a.nodes.b.nodes.a", "duplicate_id")

    def test_two_bodies_beside_each_other_may_share_ids(self, nodes):
        nodes(f"  a: {{use: map, over: [1], nodes: {{x: {SET}}}}}\n  b: {{use: map, over: [1], nodes: {{x: {SET}}}}}")

    @pytest.mark.parametrize("name", ["a", "x", "run", "A"])
    def test_the_name_of_an_item_is_an_id_of_its_own(self, wrong_nodes, name):
        """SEMANTICS 2: it may be neither a node around it nor one of the body."""
        found = wrong_nodes(f"  a: {{use: map, over: [1], as: {name}, nodes: {{x: {SET}}}}}")

        assert found.code in {"duplicate_id", "wrong_id"}

    def test_nodes_of_finally_have_ids_of_their_own(self, problem):
        """SEMANTICS 15."""
        assert problem(f"flow: a\n{ONE}\nfinally: {{nodes: {{a: {SET}}}}}").code == "duplicate_id"


class TestNodes:
    @pytest.mark.parametrize(
        ("keys", "hint"),
        [
            ("needs: [a]", "use `after`"),
            ("depends_on: a", "use `after`"),
            ("retries: 3", "use `retry`"),
            ("wen: true", "did you mean `when`?"),
            ("value: 1", "put it in `with`"),
        ],
    )
    def test_an_unknown_key_is_named_with_what_was_meant(self, wrong_nodes, keys, hint):
        found = wrong_nodes(f"  a: {{use: debug.echo, with: {{value: 1}}, {keys}}}")

        assert (found.code, found.hint) == ("unknown_key", hint)

    def test_type_is_called_use(self, problems):
        found = problems("flow: a\nnodes: {a: {type: set, with: {value: 1}}}")

        assert any("write `use` instead of `type`" in each.hint for each in found)

    @pytest.mark.parametrize("value", ["text", "5", "null", "[]"])
    def test_a_node_is_an_object(self, wrong_nodes, value):
        assert wrong_nodes(f"  a: {value}").code == "wrong_type"

    def test_an_unknown_type_is_named_with_the_nearest(self, wrong_nodes):
        found = wrong_nodes("  a: {use: debug.eco, with: {value: 1}}")

        assert (found.path, found.code, found.hint) == ("nodes.a.use", "unknown_type", "did you mean `debug.echo`?")

    @pytest.mark.parametrize("value", ["5", "${input.x}", "[a]", "''"])
    def test_the_type_is_literal(self, wrong_nodes, value):
        """SEMANTICS 4: all else is literal."""
        assert wrong_nodes(f"  a: {{use: {value!r}}}").path in {"nodes.a.use", "nodes.a"}

    @pytest.mark.parametrize("use", ["set", "if", "switch", "finish", "fail", "map", "loop", "wait", "approval"])
    def test_retry_is_refused_where_it_means_nothing(self, problems, use):
        """SEMANTICS 20: on map and loop, and on what cannot fail in a way that helps."""
        found = problems(f"flow: a\nnodes: {{a: {{use: {use}, retry: {{attempts: 2}}}}}}")

        assert "nodes.a.retry" in {each.path for each in found if each.code == "no_effect"}

    @pytest.mark.parametrize("use", ["set", "if", "switch", "finish", "fail"])
    def test_timeout_is_refused_where_it_means_nothing(self, problems, use):
        found = problems(f"flow: a\nnodes: {{a: {{use: {use}, timeout: 1s}}}}")

        assert "nodes.a.timeout" in {each.path for each in found if each.code == "no_effect"}

    def test_a_retry_policy(self, nodes):
        """SEMANTICS 20."""
        retry = "{attempts: 3, delay: 1s, backoff: 2, max_delay: 30s, on: [http]}"

        found = nodes(f"  a: {{use: debug.echo, with: {{value: 1}}, retry: {retry}}}").body.nodes["a"].retry

        assert (found.attempts, found.delay, found.backoff, found.max_delay, found.on) == (3, 1.0, 2.0, 30.0, {"http"})

    @pytest.mark.parametrize(
        "retry",
        [
            "3",
            "{}",
            "{attempts: 0}",
            "{attempts: ${input.n}}",
            "{attempts: 2, delay: soon}",
            "{attempts: 2, backoff: 0}",
            "{attempts: true}",
            "{attempts: 2, on: http}",
        ],
    )
    def test_a_wrong_retry_policy(self, problems, retry):
        found = problems(
            f"flow: a\nnodes:\n  a:\n    use: debug.echo\n    with: {{value: 1}}\n    retry: {retry}".replace(
                "${input.n}", "'${input.n}'"
            )
        )

        assert found
        assert all(each.path.startswith("nodes.a.retry") for each in found)

    def test_a_failure_may_become_a_skip(self, nodes):
        """SEMANTICS 22."""
        assert (
            nodes("  a: {use: debug.echo, with: {value: 1}, on_error: continue}").body.nodes["a"].on_error == "continue"
        )

    def test_only_a_map_collects(self, wrong_nodes):
        """SEMANTICS 17."""
        assert wrong_nodes("  a: {use: debug.echo, with: {value: 1}, on_error: collect}").code == "wrong_value"

    def test_a_pool_is_named(self, nodes):
        """SEMANTICS 48."""
        assert nodes("  a: {use: debug.echo, with: {value: 1}, pool: openai}").body.nodes["a"].pool == "openai"


class TestLimits:
    def test_ten_thousand_nodes_are_the_limit(self):
        """A larger document is refused, whatever else is wrong with it."""
        from tenuto.core.flow import read

        nodes = {f"n{number}": {"use": "set", "with": {"value": 1}} for number in range(10_001)}

        flow, problems = read({"flow": "a", "nodes": nodes})

        assert flow is None
        assert [each.code for each in problems] == ["too_many_nodes"]

    @pytest.mark.parametrize(("levels", "ok"), [(32, True), (33, False), (60, False)])
    def test_thirty_two_levels_are_the_limit(self, levels, ok):
        """Levels count from the flow itself."""
        from tenuto.core.flow import read

        node: dict[str, object] = {"use": "set", "with": {"value": 1}}
        for level in range(levels - 1):
            node = {"use": "map", "over": [1], "nodes": {f"n{level}": node}}

        flow, problems = read({"flow": "a", "nodes": {"top": node}})

        assert (flow is not None) is ok
        assert [each.code for each in problems] == ([] if ok else ["too_deep"])

    def test_four_kilobytes_are_the_limit_of_an_expression(self, problems):
        """Longer text belongs into a node."""
        long = "1" + " + 1" * 1_100

        found = problems(f'flow: a\nnodes: {{a: {{use: set, with: {{value: "${{{long}}}"}}}}}}')

        assert [each.path for each in found] == ["nodes.a.with.value"]
        assert found[0].code == "expression_size"

    def test_what_no_store_can_keep_is_refused(self):
        from tenuto.core.flow import read

        for value in (float("nan"), 2**63, "\ud800", object(), {1: 2}):
            flow, problems = read({"flow": "a", "nodes": {"a": {"use": "set", "with": {"value": value}}}})

            assert flow is None
            assert [each.code for each in problems] == ["not_json"]

    def test_problems_are_counted_but_not_listed_without_end(self, problems):
        found = problems(
            "flow: a\nnodes: {a: {use: set, with: {value: 1}}}\n" + "\n".join(f"k{n}: 1" for n in range(2_000))
        )

        assert len(found) == 501
        assert found[-1].message == "1500 more problems are not shown"
