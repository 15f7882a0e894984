"""YAML by the core schema of 1.2, and what of YAML is refused (SEMANTICS 1)."""

import pytest

from tenuto.documents import parse


def value(text):
    found, problems = parse(f"x: {text}\n", format="yaml")
    assert problems == []
    assert isinstance(found, dict)
    return found["x"]


def refused(text):
    found, problems = parse(text, format="yaml")
    assert found is None
    assert len(problems) == 1
    return problems[0]


class TestScalars:
    @pytest.mark.parametrize(
        "text",
        [
            "yes",
            "no",
            "on",
            "off",
            "y",
            "n",
            "1:30",
            "1:30:00",
            "2030-01-31",
            "2030-01-31T09:00:00Z",
            "=",
            "1_000",
            "0b11",
            "1e",
            "1.2.3",
            "+",
            ".",
            "0x",
            "0o8",
            "tRue",
            "nil",
            "NaN",
            "inf",
        ],
    )
    def test_what_older_yaml_took_for_something_else_is_text(self, text):
        """SEMANTICS 1."""
        assert value(text) == text

    @pytest.mark.parametrize(
        ("text", "meant"),
        [
            ("true", True), ("True", True), ("FALSE", False), ("null", None), ("~", None), ("", None), ("Null", None),
            ("0", 0), ("-5", -5), ("+5", 5), ("017", 17), ("0o17", 15), ("0xFf", 255), ("9223372036854775807", 2**63 - 1),
            ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-1.5E-3", -0.0015),
        ],
    )  # fmt: skip
    def test_what_the_core_schema_takes_for_something(self, text, meant):
        found = value(text)

        assert found == meant
        assert type(found) is type(meant)

    @pytest.mark.parametrize("text", ["'true'", '"5"', "'null'", "|\n  5", ">-\n  5"])
    def test_what_is_quoted_is_text(self, text):
        assert isinstance(value(text), str)

    def test_keys_are_the_text_that_stands_there(self):
        assert parse("{200: a, true: b, null: c, 1.0: d}", format="yaml")[0] == {
            "200": "a",
            "true": "b",
            "null": "c",
            "1.0": "d",
        }


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("a: &x 1", "anchor"),
            ("a: &x [1]", "anchor"),
            ("a: *x", "anchor"),
            ("&x a: 1", "anchor"),
            ("a: !!str 1", "tag"),
            ("a: !x {b: 1}", "tag"),
            ("!x a: 1", "tag"),
            ("a: !!python/object/apply:os.system [ls]", "tag"),
            ("<<: {a: 1}", "merge_key"),
            ("a: 1\na: 2", "duplicate_key"),
            ("a: 1\n'a': 2", "duplicate_key"),
            ("a: {b: 1, b: 2}", "duplicate_key"),
            ("1: a\n'1': b", "duplicate_key"),
            ("a: 1\n---\nb: 2", "several_documents"),
            ("", "empty"),
            ("# nothing", "empty"),
            ("a: .inf", "not_finite"),
            ("a: -.INF", "not_finite"),
            ("a: .nan", "not_finite"),
            ("a: 1e999", "not_finite"),
            ("a: 9223372036854775808", "out_of_range"),
            ("a: 0xffffffffffffffff", "out_of_range"),
            ("? {a: 1}\n: 2", "yaml"),
            ("{a: 1", "yaml"),
            ("a: 'b", "yaml"),
            ("a: b: c", "yaml"),
            ("[" * 300, "too_deep"),
            ("- " * 300, "too_deep"),
        ],
    )
    def test_with_a_code(self, text, code):
        found = refused(text)

        assert found.code == code
        assert found.line is not None

    def test_a_quoted_merge_key_is_a_key(self):
        assert parse("'<<': 1", format="yaml")[0] == {"<<": 1}

    @pytest.mark.parametrize(
        "text",
        ["x: ${a ? 1 : 2}", "x: {y: ${a}}", "x: [${a}, 2]", 'x: ${a ? {"b": 1} : 2}', "x:\n  y: ${a ? 'b' : 'c'}"],
    )
    def test_an_unquoted_expression_gets_the_hint_to_quote_it(self, text):
        """SEMANTICS 1."""
        assert refused(text).hint.startswith("quote the expression")

    def test_tabs_are_named(self):
        assert refused("a:\n\tb: 1").hint == "indent with spaces, not with tabs"


class TestBombs:
    def test_a_billion_laughs_are_refused_at_the_first_anchor(self):
        bomb = "a: &a [x, x]\n" + "\n".join(f"k{n}: &k{n} [*a, *a]" for n in range(100))

        assert refused(bomb).code == "anchor"
