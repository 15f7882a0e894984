"""JSON, strictly."""

import pytest

from tenuto.documents import load, parse


def refused(text):
    found, problems = parse(text, format="json")
    assert found is None
    assert len(problems) == 1
    return problems[0]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ('{"a": NaN}', "not_finite", (1, 7)),
        ('{"a":\n -Infinity}', "not_finite", (2, 2)),
        ('{"a": 1e999}', "not_finite", (1, 7)),
        ('{"a": [1, 9223372036854775808]}', "out_of_range", (1, 11)),
        ('{"a": 1,\n "a": 2}', "duplicate_key", (2, 2)),
        ('{"b": {"a": 1},\n "c": {"a": 1, "a": 2}}', "duplicate_key", (2, 16)),
        ('{"a": 1,}', "json", (1, 9)),
        ("{'a': 1}", "json", (1, 2)),
        ("{} {}", "json", (1, 4)),
        ("", "json", (1, 1)),
        ('{"a": ' + "9" * 100_000 + "}", "out_of_range", (1, 7)),
    ],
)
def test_what_is_refused_is_placed(text, code, place):
    found = refused(text)

    assert (found.code, (found.line, found.column)) == (code, place)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"a":' * 250 + "1" + "}" * 250])
def test_deep_nesting_is_refused(text):
    loaded = load(text, format="json")

    assert loaded.flow is None
    assert loaded.problems[0].code in {"too_deep", "not_json"}


def test_json_is_recognised_by_its_look():
    assert parse('{"a": "\\ud83d\\ude00"}')[0] == {"a": "😀"}


def test_what_only_looks_like_json_is_read_as_yaml():
    assert parse("{a: [1, 2]}")[0] == {"a": [1, 2]}


def test_half_a_surrogate_pair_is_refused():
    loaded = load('{"flow": "\\ud800", "nodes": {}}')

    assert "not_json" in {problem.code for problem in loaded.problems}
