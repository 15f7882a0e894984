"""What can be known of types before a run: literals and references against schemas."""

import pytest

SHORT = "  s: {use: text.shorten, with: {text: hello}}\n"


def shorten(**inputs):
    given = ", ".join(f"{key}: {value}" for key, value in {"text": "hello", **inputs}.items())
    return f"  a: {{use: text.shorten, with: {{{given}}}}}\n"


class TestKeys:
    def test_a_missing_one(self, wrong_nodes):
        found = wrong_nodes("  a: {use: text.shorten}")

        assert (found.path, found.code, found.message) == (
            "nodes.a",
            "missing_key",
            "`text.shorten` needs `text` in `with`",
        )

    def test_an_unknown_one(self, wrong_nodes):
        found = wrong_nodes(shorten(limt=3))

        assert (found.path, found.code, found.hint) == ("nodes.a.with.limt", "unknown_key", "did you mean `limit`?")

    def test_an_open_schema_takes_any(self, nodes):
        """SEMANTICS 47: other keys of an agent are its parameters."""
        nodes("  a: {use: agent, with: {agent: writer, task: Write, tone: dry}}")


class TestLiterals:
    @pytest.mark.parametrize(
        "inputs",
        [
            {"limit": "3"},
            {"mode": "words"},
            {"note": "null"},
            {"note": "x"},
            {"to": "[{name: Ann}]"},
            {"limit": '"${1 + 1}"'},
            {"text": '"a ${1}"'},
        ],
    )
    def test_what_fits(self, nodes, inputs):
        nodes(shorten(**inputs))

    @pytest.mark.parametrize(
        ("inputs", "path", "message"),
        [
            ({"text": "5"}, "text", "`text` is a number, but text is needed"),
            ({"limit": "many"}, "limit", "`limit` is text, but a whole number is needed"),
            ({"limit": "1.5"}, "limit", "`limit` is not a whole number"),
            ({"limit": "0"}, "limit", "`limit` is 0, but at least 1 is needed"),
            ({"limit": "true"}, "limit", "`limit` is true or false, but a whole number is needed"),
            ({"limit": '"up to ${1}"'}, "limit", "`limit` is text, but a whole number is needed"),
            ({"mode": "lines"}, "mode", "`mode` is lines, not one of: words, letters"),
            ({"note": "5"}, "note", "`note` is a number, but text or null is needed"),
            ({"to": "[{}]"}, "to[0]", "`to[0]` lacks `name`"),
            ({"to": "[{name: 5}]"}, "to[0].name", "`to[0].name` is a number, but text is needed"),
            ({"to": "[{name: a, age: 3}]"}, "to[0]", "`to[0]` has no field `age`"),
            ({"to": "{name: a}"}, "to", "`to` is an object, but a list is needed"),
        ],
    )
    def test_what_does_not(self, wrong_nodes, inputs, path, message):
        found = wrong_nodes(shorten(**inputs))

        assert (found.path, found.code, found.message) == (f"nodes.a.with.{path}", "type_mismatch", message)


class TestReferences:
    def test_the_output_of_a_node_into_the_input_of_another(self, wrong_nodes):
        found = wrong_nodes(SHORT + shorten(text='"${s.length}"'))

        assert (found.path, found.message) == (
            "nodes.a.with.text",
            "`${s.length}` is a whole number, but text is needed",
        )

    def test_a_field_of_the_input_into_a_node(self, problem):
        found = problem(
            f"flow: a\ninput: {{n: string}}\nnodes:\n{shorten(limit='${input.n}').replace('${input.n}', chr(34) + '${input.n}' + chr(34))}"
        )

        assert found.message == "`${input.n}` is text, but a whole number is needed"

    def test_a_field_that_an_output_does_not_have(self, wrong_nodes):
        found = wrong_nodes(SHORT + "  b: {use: set, with: {value: '${s.shrt}'}}")

        assert (found.code, found.hint) == ("unknown_field", "did you mean `short`?")

    def test_a_field_of_a_text(self, wrong_nodes):
        found = wrong_nodes(SHORT + "  b: {use: set, with: {value: '${s.short.long}'}}")

        assert (found.code, found.message) == ("type_mismatch", "`s.short` is text, which has no fields")

    def test_what_is_asked_for_may_be_missing(self, nodes):
        nodes(SHORT + "  b: {use: set, with: {value: '${s.shrt ?? has(s.nothing)}'}}")

    @pytest.mark.parametrize(
        ("node", "said"),
        [
            ("{use: if, with: {condition: '${s.short}'}}", "true or false is needed"),
            ("{use: set, when: '${s.length}', with: {value: 1}}", "true or false is needed"),
            ("{use: map, over: '${s}', nodes: {x: {use: set, with: {value: 1}}}}", "a list is needed"),
            (
                "{use: map, over: [1], concurrency: '${s.short}', nodes: {x: {use: set, with: {value: 1}}}}",
                "a whole number is needed",
            ),
            (
                "{use: loop, max: 2, until: '${s.short}', nodes: {x: {use: set, with: {value: 1}}}}",
                "true or false is needed",
            ),
            ("{use: switch, with: {cases: {a: '${s.short}'}}}", "true or false is needed"),
        ],
    )
    def test_the_keys_of_the_language(self, wrong_nodes, node, said):
        assert wrong_nodes(SHORT + f"  b: {node}").message.endswith(said)

    def test_types_go_through_set_map_and_items(self, problems):
        found = problems(
            "flow: a\nnodes:\n" + SHORT + "  v: {use: set, with: {value: '${s.length}'}}\n"
            "  m: {use: map, over: [1], nodes: {x: {use: text.shorten, with: {text: hello}}}, output: '${x.length}'}\n"
            "  n: {use: map, over: '${m}', as: one, nodes: {y: {use: text.shorten, with: {text: '${one}'}}}}\n"
            "  a: {use: text.shorten, with: {text: '${v}'}}\n  b: {use: text.shorten, with: {text: '${m}'}}"
        )

        assert {each.path: each.message for each in found} == {
            "nodes.n.nodes.y.with.text": "`${one}` is a whole number, but text is needed",
            "nodes.a.with.text": "`${v}` is a whole number, but text is needed",
            "nodes.b.with.text": "`${m}` is a list, but text is needed",
        }

    def test_the_output_of_structure_nodes(self, problems):
        found = problems(
            "flow: a\nnodes:\n  i: {use: if, with: {condition: true}}\n  o: {use: approval, with: {question: a}}\n"
            "  m: {use: map, over: [1], on_error: collect, nodes: {x: {use: set, with: {value: 1}}}}\n"
            "  b: {use: set, with: {value: ['${i.x}', '${o.who}', '${m.itms}', '${m.items[0]}', '${m.errors}']}}"
        )

        assert [each.path for each in found] == [
            "nodes.b.with.value[0]",
            "nodes.b.with.value[1]",
            "nodes.b.with.value[2]",
        ]

    def test_numbers_mix(self, nodes):
        nodes("  v: {use: set, with: {value: 1.0}}\n" + shorten(limit='"${v}"'))


class TestHostileSchemas:
    def test_a_schema_that_refers_to_itself_ends(self, problem, flow):
        itself = "{$ref: '#/$defs/a'}"
        schema = f"{{properties: {{x: {itself}}}, $defs: {{a: {{anyOf: [{itself}, {itself}, {{type: array, items: {itself}}}]}}}}}}"

        flow(f"flow: a\ninput: {{schema: {schema}}}\nnodes: {{a: {{use: set, with: {{value: '${{input.x.y.z}}'}}}}}}")

    def test_one_with_many_alternatives_ends(self):
        from tenuto.core.flow.types import Shape, mismatch

        several: object = {"type": "string"}
        for _ in range(12):
            several = {"anyOf": [{"type": "array", "items": several}] * 8}
        value: object = 5
        for _ in range(12):
            value = [value, value]

        assert mismatch(Shape(several), value) is None
