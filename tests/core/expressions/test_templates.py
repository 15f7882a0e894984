"""`${…}` in the strings of a document."""

import pytest

from tenuto.core.expressions import ExpressionError, compile_value
from tenuto.core.values import NOTHING, Secret, SecretText

NAMES = {"a": {"b": [1, 2]}, "s": "it's", "n": None, "t": True, "f": 1.5, "gone": NOTHING}


def filled(source):
    value, errors = compile_value(source)
    assert not errors, errors
    return value.evaluate(NAMES)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("plain", "plain"),
        ("${a.b}", [1, 2]),
        ("${ a.b[0] }", 1),
        ("x ${s} y", "x it's y"),
        ("${s}${s}", "it'sit's"),
        ("${n}|${t}|${f}|${a}", 'null|true|1.5|{"b":[1,2]}'),
        (" ${a.b}", " [1,2]"),
        ("$${a.b}", "${a.b}"),
        ("$${", "${"),
        ("cost: $${s} ${s}", "cost: ${s} it's"),
        ("$$${s}", "$${s}"),
        ("$5 {x} $s $", "$5 {x} $s $"),
        ("${'}'}", "}"),
        ("${'a}' + \"}b\"}!", "a}}b!"),
        ("${{'a': {'b': 1}}.a.b}", 1),
        ("${{'a': '}'}} and ${'{'}", '{"a":"}"} and {'),
        ("${'''}'''}", "}"),
        ("${'\\'}'}", "'}"),
        ("${r'}'}${b'}'}", "}fQ=="),
        ("${1 // }\n}", 1),
        ("${'größe 😀'}", "größe 😀"),
        ("${'ü'}: ${{'ü': 'ß'}}", 'ü: {"ü":"ß"}'),
        ("${timestamp(0)} ${duration('90s')}", "1970-01-01T00:00:00Z 90s"),
        ({"x": "${a.b}", "y": ["${s}", 1, None]}, {"x": [1, 2], "y": ["it's", 1, None]}),
        ({"x": "${gone}", "y": ["${missing}"]}, {"x": None, "y": [None]}),
        ({"${s}": "${s}"}, {"${s}": "it's"}),
        (["$${x}"], ["${x}"]),
        (5, 5),
    ],
)
def test_they_are_filled_in(source, value):
    """SEMANTICS 1: the closing brace is found by the lexer, `$${` is a literal."""
    assert filled(source) == value


def test_alone_a_name_without_a_value_is_nothing():
    assert filled("${gone}") is NOTHING


def test_inside_a_text_it_is_an_error():
    value, _ = compile_value("Hello ${gone}")

    with pytest.raises(ExpressionError) as caught:
        value.evaluate(NAMES)

    assert caught.value.code == "no_value"


class TestSecrets:
    def test_alone_and_inside_a_text(self):
        assert filled("${secrets.A}") == Secret("A")
        assert filled("Bearer ${secrets.A}") == SecretText(("Bearer ", Secret("A")))
        assert filled({"h": ["${s}:${secrets.A}${secrets.B}!"]}) == {
            "h": [SecretText(("it's:", Secret("A"), Secret("B"), "!"))]
        }

    def test_worked_with_it_is_an_error_of_its_string(self):
        _, errors = compile_value({"h": "${secrets.A + 'x'}"})

        assert [(path, error.code, error.offset) for path, error in errors] == [("h", "secret", 2)]


class TestErrors:
    def test_each_has_the_path_of_its_string_and_the_place_in_it(self):
        source = {"a": {"b": ["ok", "x ${siz(1)}"]}, "c": "${1 +}", "d": "${", "e": "${s"}

        _, errors = compile_value(source)

        assert [(path, error.code, error.offset) for path, error in errors] == [
            ("a.b[1]", "unknown_function", 4),
            ("c", "syntax", 5),
            ("d", "syntax", 2),
            ("e", "syntax", 2),
        ]

    @pytest.mark.parametrize(
        "source",
        [
            "${",
            "${'}",
            "${{}",
            "a ${b",
            "${é}",
            "${a\0}",
            "${" * 3000,
            "${" + "x" * 9000 + "}",
            "${'" + "x" * 9000 + "'}",
        ],
    )
    def test_a_broken_one_never_raises(self, source):
        _, errors = compile_value([source])

        assert len(errors) == 1
        assert errors[0][0] == "[0]"

    def test_a_value_that_is_nested_too_deep_is_one_of_them(self):
        source = "${s}"
        for _ in range(400):
            source = [source]

        _, errors = compile_value(source)

        assert [error.code for _, error in errors] == ["depth"]

    def test_a_text_grows_no_further_than_its_limit(self):
        value, _ = compile_value("${s}${s}")

        with pytest.raises(ExpressionError) as caught:
            value.evaluate({"s": "x" * 600_000})

        assert caught.value.code == "size"


class TestLiterals:
    def test_what_has_no_expression_is_one(self):
        assert compile_value({"a": [1, "b"]})[0].is_literal
        assert compile_value("$${x}")[0].is_literal
        assert not compile_value({"a": ["${s}"]})[0].is_literal

    def test_the_source_is_kept_as_written(self):
        source = {"a": "$${x} ${s}"}

        assert compile_value(source)[0].source is source
