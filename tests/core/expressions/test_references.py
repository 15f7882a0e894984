"""What an expression says that it reads: what a node waits for, and what a document is checked by."""

import pytest

from tenuto.core.expressions import Expression, Reference, compile_value


def references(text):
    return list(Expression(text).references)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plan", [Reference("plan")]),
        ("plan.data.questions[0]['a b']", [Reference("plan", ("data", "questions", 0, "a b"))]),
        ("plan[key].x", [Reference("plan"), Reference("key", offset=5)]),
        ("1 + a.b", [Reference("a", ("b",), offset=4)]),
        ("a ?? b.c", [Reference("a", optional=True), Reference("b", ("c",), optional=True, offset=5)]),
        ("(a ?? 1) + b", [Reference("a", optional=True, offset=1), Reference("b", offset=11)]),
        ("has(a)", [Reference("a", optional=True, offset=4)]),
        ("has(a.b.c)", [Reference("a", ("b", "c"), optional=True, offset=4)]),
        ("port(ok) == 'approved'", [Reference("ok", port=True, offset=5)]),
        ("plan.error.message", [Reference("plan", ("error", "message"), error=True)]),
        ("plan['error']", [Reference("plan", ("error",))]),
        ("plan.data.error", [Reference("plan", ("data", "error"))]),
        ("items.map(i, i.price * rate)", [Reference("items"), Reference("rate", offset=23)]),
        ("items.map(i, i.subs.filter(s, s.x > i.y))", [Reference("items")]),
        ("i + items.map(i, i)[0]", [Reference("i"), Reference("items", offset=4)]),
        ("type(a) == int", [Reference("a", offset=5)]),
        ("type(a) in [int, list]", [Reference("a", offset=5)]),
        ("int.x + list", [Reference("int", ("x",)), Reference("list", offset=8)]),
        ("type(a) == google.protobuf.Timestamp", [Reference("a", offset=5)]),
        ("secrets.TOKEN", [Reference("secrets", ("TOKEN",))]),
        ("size('a')", []),
        ("math.abs(math)", [Reference("math", offset=9)]),
        ("json.size()", [Reference("json")]),
    ],
)
def test_names_with_their_constant_paths(text, expected):
    assert references(text) == expected


def test_what_is_required_anywhere_is_required():
    """SEMANTICS 11: optional is what stands in `??` or `has()` only."""
    assert references("has(a.b) ? a.b : 0") == [Reference("a", ("b",), offset=4)]
    assert references("a.b + (a.b ?? 1)") == [Reference("a", ("b",))]


def test_of_a_document_they_know_the_string_they_stand_in():
    value, errors = compile_value({"to": ["x", "Hi ${a.b} and ${c}"], "n": {"deep": "${a.b ?? 1}"}})

    assert not errors
    assert [(path, reference.name, reference.offset) for path, reference in value.located] == [
        ("to[1]", "a", 5),
        ("to[1]", "c", 16),
        ("n.deep", "a", 2),
    ]
    assert value.references == (Reference("a", ("b",), offset=5), Reference("c", offset=16))
