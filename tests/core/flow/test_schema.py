"""The JSON Schema of a document, for editors: it agrees with the reader as far as a schema can."""

from pathlib import Path

import jsonschema_rs
import pytest

from tenuto.core.flow import STRUCTURE, document_schema
from tenuto.core.flow.kinds import COMMON, FLOW_KEYS, KINDS
from tenuto.core.flow.names import RESERVED
from tenuto.documents import load

ROOT = Path(__file__).parents[3]
VALIDATOR = jsonschema_rs.validator_for(document_schema())
ONE = {"a": {"use": "set", "with": {"value": 1}}}


def test_it_is_a_schema():
    jsonschema_rs.meta.validate(document_schema())


def test_it_names_every_key_of_a_flow():
    assert list(document_schema()["properties"]) == list(FLOW_KEYS)


@pytest.mark.parametrize("use", sorted(STRUCTURE))
def test_it_names_every_key_of_a_node(use):
    kind = KINDS[use]
    schema = document_schema()["$defs"][f"use_{use}"]

    assert set(schema["properties"]) <= {*COMMON, *kind.keys}
    assert set(kind.keys) <= set(schema["properties"])
    assert set(kind.inputs) == set(schema["properties"].get("with", {}).get("properties", {}))


def test_the_table_has_all_structure_nodes():
    assert set(KINDS) == STRUCTURE
    assert {"as", "in", "input", "null"} <= RESERVED


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_fits(example):
    assert [error.message for error in VALIDATOR.iter_errors(load(example.read_bytes()).document)] == []


@pytest.mark.parametrize(
    "document",
    [
        {"flow": "a"},
        {"flow": "A", "nodes": ONE},
        {"flow": "a", "nodes": {}},
        {"flow": "a", "nodes": {"A": ONE["a"]}},
        {"flow": "a", "nodes": ONE, "steps": []},
        {"flow": "a", "nodes": {"a": {"use": "set"}}},
        {"flow": "a", "nodes": {"a": {"use": "map", "nodes": ONE}}},
        {"flow": "a", "nodes": {"a": {"use": "loop", "max": 0, "nodes": ONE}}},
        {"flow": "a", "nodes": {"a": {"use": "set", "with": {"value": 1}, "retry": {"attempts": 2}}}},
        {"flow": "a", "nodes": {"a": {"use": "http.request", "nodes": ONE}}},
        {"flow": "a", "nodes": {"a": {"use": "wait", "with": {"for": "1s", "signal": "x"}}}},
        {"flow": "a", "nodes": ONE, "input": {"x": "strin"}},
    ],
)
def test_what_it_refuses_the_reader_refuses_too(document):
    from tenuto.core.flow import read

    assert not VALIDATOR.is_valid(document)
    assert read(document)[0] is None
