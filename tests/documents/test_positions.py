"""Every problem of a YAML or JSON source says where it stands."""

import pytest

from tenuto.documents import Format, load


def places(text, kind: Format = "yaml"):
    return [(problem.line, problem.column) for problem in load(text, format=kind).problems]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("flow: a\nnodes:\n  A: {use: set, with: {value: 1}}", (3, 3)),
        (
            "flow: a\nnodes:\n  a: {use: set, with: {value: 1}}\n  b:\n    use: set\n    needs: [a]\n    with: {value: 1}",
            (6, 5),
        ),
        ("flow: a\nnodes:\n  a: {use: set, with: {value: 1}}\noutput: ${b}", (4, 11)),
        ("flow: a\nnodes:\n  a: {use: set, with: {value: 1}}\noutput: 'x ${b}'", (4, 14)),
        ('flow: a\nnodes:\n  a: {use: set, with: {value: 1}}\noutput: {k: ["${a} and ${b}"]}', (4, 26)),
        ("flow: a\nnodes:\n  a: {use: set, with: {value: 1}}\noutput: |\n  first line\n    then ${b} here\n", (6, 12)),
        ("flow: a\nnodes:\n  a: {use: set, with: {value: 1}}\noutput: ${1 +}", (4, 14)),
        ("flow: a\nnodes:\n  a:\n    use: set\n", (3, 3)),
        ("# hello\nflow: a\n", (2, 1)),
    ],
)
def test_in_yaml(text, place):
    assert places(text) == [place]


def test_in_a_text_with_escapes_it_is_the_start_of_the_text():
    assert places('flow: a\nnodes: {a: {use: set, with: {value: 1}}}\noutput: "\\n\\n${b}"') == [(3, 9)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"flow": "a", "nodes": {\n  "A": {"use": "set", "with": {"value": 1}}}}', (2, 3)),
        ('{"flow": "a", "nodes": {"a": {"use": "set", "with": {"value":\n  [1, {"x": "${b}"}]}}}}', (2, 16)),
        (
            '{"flow": "a", "nodes": {"a": {"use": "set", "with": {"value": 1}}},\n "x": [{}, []], "output": "${1"}',
            (2, 2),
        ),
    ],
)
def test_in_json(text, place):
    assert places(text, "json")[0] == place


def test_a_missing_key_is_placed_at_what_lacks_it():
    assert places('{"flow": "a", "nodes": {"a":\n {"use": "set"}}}', "json") == [(1, 25)]


def test_offsets_are_there_for_editors_without_a_text():
    """Who edits the document as JSON in a form has no lines; the offset is inside the text at the path."""
    from tenuto.core.flow import read

    _, problems = read({"flow": "a", "nodes": {"a": {"use": "set", "with": {"value": "x ${b}"}}}})

    assert [(problem.path, problem.offset, problem.line) for problem in problems] == [("nodes.a.with.value", 4, None)]
