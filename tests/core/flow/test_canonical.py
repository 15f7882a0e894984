"""When two documents are the same, and when a node of them is."""

import json

from tenuto.core.flow import canonical_text, content_hash, read
from tenuto.core.values import canonical
from tenuto.documents import load


def flow_of(text):
    found = load(text).flow
    assert found is not None
    return found


def hash_of(text):
    return flow_of(text).hash


ONE = "flow: a\nnodes:\n  x: {use: set, with: {value: {b: 1, a: 2}}}\n"


class TestHash:
    def test_formatting_and_comments_do_not_count(self):
        assert hash_of(ONE) == hash_of("# a comment\nflow: 'a'\nnodes: {x: {with: {value: {a: 2, b: 1}}, use: set}}")

    def test_yaml_and_json_are_the_same(self):
        text = json.dumps({"nodes": {"x": {"use": "set", "with": {"value": {"b": 1, "a": 2}}}}, "flow": "a"})

        assert hash_of(text) == hash_of(ONE)

    def test_a_changed_value_counts(self):
        assert hash_of(ONE) != hash_of(ONE.replace("b: 1", "b: 3"))

    def test_one_is_not_true(self):
        assert content_hash({"a": 1}) != content_hash({"a": True})

    def test_the_order_of_conditions_counts(self):
        """SEMANTICS 16: the first true case wins, so their order is meaning."""
        switch = "flow: a\nnodes:\n  x: {use: switch, with: {cases: {%s}}}\n"

        assert hash_of(switch % "a: true, b: false") != hash_of(switch % "b: false, a: true")

    def test_the_canonical_text_reads_back_as_the_same_flow(self):
        """Even where the order of keys is meaning."""
        document = load(ONE + "  s: {use: switch, with: {cases: {z: true, a: false}}}\n", format="yaml").document

        again = flow_of(canonical_text(document))

        assert again.hash == content_hash(document)
        assert again.body.nodes["s"].cases == ("z", "a")

    def test_without_conditions_it_is_the_digest_of_the_canonical_json(self):
        document = load(ONE, format="yaml").document

        assert canonical_text(document) == canonical(document)

    def test_the_flow_keeps_its_document(self):
        document = load(ONE, format="yaml").document

        flow, _ = read(document)

        assert flow is not None
        assert flow.document == document


def definitions(node):
    flow = flow_of(f"flow: a\nnodes:\n  z: {{use: set, with: {{value: 1}}}}\n  x: {node}")
    return flow.body.nodes["x"].definition


class TestDefinition:
    BASE = "{use: debug.echo, with: {value: 1}}"

    def test_what_a_node_computes_defines_it(self):
        assert definitions(self.BASE) != definitions("{use: debug.echo, with: {value: 2}}")
        assert definitions(self.BASE) != definitions("{use: debug.other, with: {value: 1}}")

    def test_when_it_runs_and_how_hard_it_is_tried_does_not(self):
        """An edit there leaves a recorded result valid (SEMANTICS 37)."""
        tried = "{use: debug.echo, after: z, timeout: 5s, retry: {attempts: 3}, pool: p, on_error: continue, description: d, with: {value: 1}}"

        assert definitions(self.BASE) == definitions(tried)

    def test_a_container_is_defined_by_its_body(self):
        text = "{use: map, over: [1], on_error: %s, concurrency: %s, nodes: {y: {use: set, with: {value: %s}}}, output: '${y}'}"

        assert definitions(text % ("fail", 1, 1)) == definitions(text % ("fail", 5, 1))
        assert definitions(text % ("fail", 1, 1)) != definitions(text % ("fail", 1, 2))
        assert definitions(text % ("fail", 1, 1)) != definitions(text % ("collect", 1, 1))
