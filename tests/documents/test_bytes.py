"""Any bytes give problems or a flow, within bounded time: never an exception (SEMANTICS 1)."""

import codecs
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenuto.documents import MAX_BYTES, load

FLOW = """flow: research
input: {topic: string, depth: {type: integer, default: 3}}
nodes:
  plan: {use: debug.echo, with: {value: "${input.topic}"}, retry: {attempts: 2}, timeout: 5s}
  ok: {use: approval, with: {question: Go?, show: "${plan}"}, timeout: 1h}
  many:
    use: map
    after: [ok.approved]
    over: ${plan.list}
    nodes: {one: {use: if, when: "${index < 3}", with: {condition: "${item.x > 1}"}}}
    output: ${one}
  which: {use: switch, with: {cases: {a: "${many.size() > 1}", b: true}}}
  sorry: {use: set, after: {any: [ok.rejected, many.error]}, with: {value: no}}
output: ${which ?? sorry}
finally: {nodes: {bye: {use: set, with: {value: "${run.status}"}}}}
"""
WORDS = ["flow", "nodes", "use", "with", "set", "map", "after", "any", "over", "input", "output", "${", "}", "a", "&a", "*a", "!!int", "<<", "{", "[", "]", ": ", "- ", "\n", "  ", "\t", "'", '"', "|", "---", "1", "true", "~", "🎼", "\ufeff", "\x85"]  # fmt: skip


def loads(source):
    loaded = load(source)
    assert loaded.flow is not None or loaded.errors
    for problem in loaded.problems:
        assert problem.message
        assert "\n" not in str(problem).strip(), "one line each"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(source):
    loads(source)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=60).map("".join))
def test_any_mixture_of_what_documents_are_made_of(text):
    loads(text)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_flow_with_a_piece_changed(data):
    start = data.draw(st.integers(0, len(FLOW)))
    length = data.draw(st.integers(0, 20))
    piece = data.draw(st.lists(st.sampled_from([*WORDS, *FLOW.split()]), max_size=4).map(" ".join))

    loads(FLOW[:start] + piece + FLOW[start + length :])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["${a}", "${a.b ?? 1}", "a.error", "set", "map", "5s"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["use", "with", "nodes", "after", "any", "over", "value", "a", "b", "cases", "when", "timeout", "retry", "until", "max", "for"]) | st.text(max_size=4), inner, max_size=5),
    max_leaves=30,
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(
            ["nodes", "input", "output", "finally", "triggers", "timeout", "concurrency", "budget", "description"]
        ),
        JSON,
    ),
    JSON,
    JSON,
)
def test_any_json_value_in_any_place(keys, one, other):
    from tenuto.core.flow import read

    nodes = {
        "a": one,
        "b": {"use": "switch", "with": other, "after": one},
        "c": {"use": "map", "over": other, "nodes": one},
    }
    for document in ({"flow": "x", "nodes": nodes}, {"flow": "x", "nodes": {"a": one}, **keys}, one):
        flow, problems = read(document)
        assert (flow is None) == any(problem.severity == "error" for problem in problems)


BIG = MAX_BYTES - 100
CORPUS = {
    "nul": b"flow: a\x00",
    "binary": bytes(range(256)),
    "utf-16": "flow: a".encode("utf-16"),
    "utf-16 without a mark": "flow: a".encode("utf-16-le"),
    "utf-32": "flow: a".encode("utf-32"),
    "surrogates in utf-8": b"flow: \xed\xa0\x80",
    "a control character": b"flow: '\x07'",
    "fifty megabytes": b"a" * 50_000_000,
    "one byte too many": b"a" * (MAX_BYTES + 1),
    "a long scalar": b"flow: " + b"a" * BIG,
    "a huge integer": b"flow: " + b"9" * BIG,
    "open brackets": b"[" * BIG,
    "open braces": b"{a: " * (BIG // 4),
    "open json": b'{"a":' * (BIG // 5),
    "brackets with strings": b'["a", ' * (BIG // 6),
    "dashes": b"- " * (BIG // 2),
    "deep blocks": b"\n".join(b" " * n + b"a:" for n in range(1_400)),
    "question marks": b"? " * (BIG // 2),
    "quotes": b'"' * BIG,
    "backslashes": b'"' + b"\\" * BIG,
    "a string without an end behind a wrong number": b"[" + b"1" * 30 + b'a,"' + b'\\"' * (BIG // 2),
    "colons": b":" * BIG,
    "commas": b"[" + b"," * BIG,
    "newlines": b"\n" * BIG,
    "comments": b"#\n" * (BIG // 2),
    "separators": b"---\n" * (BIG // 4),
    "many keys": b"\n".join(b"k%d: 1" % n for n in range(30_000)),
    "many items": b"- a\n" * (BIG // 16),
    "many wrong ids": b"flow: a\nnodes:\n" + b"\n".join(b"  N%d: {usee: set}" % n for n in range(3_000)),
    "many unknown names": b"flow: a\nnodes:\n" + b"\n".join(b"  n%d: {use: set, with: {value: '${m%d}'}}" % (n, n) for n in range(3_000)),
    "one long cycle": b"flow: a\nnodes:\n" + b"\n".join(b"  n%d: {use: set, after: n%d, with: {value: 1}}" % (n, (n + 1) % 3_000) for n in range(3_000)),
    "many short cycles": b"flow: a\nnodes:\n" + b"\n".join(b"  n%d: {use: set, after: n%d, with: {value: 1}}" % (n, n ^ 1) for n in range(3_000)),
    "a chain of branches": b"flow: a\nnodes:\n  n0: {use: if, with: {condition: true}}\n" + b"\n".join(b"  n%d: {use: if, after: n%d.true, with: {condition: true}}" % (n, n - 1) for n in range(1, 3_000)),
    "many field types": b"flow: a\ninput:\n" + b"\n".join(b"  f%d: strin" % n for n in range(20_000)),
}  # fmt: skip


@pytest.mark.parametrize("source", CORPUS.values(), ids=CORPUS.keys())
def test_a_nasty_document_ends_soon(source):
    before = time.process_time()

    loads(source)

    assert time.process_time() - before < 10, "bounded: ten times what it takes on a quiet machine"


def test_a_byte_order_mark_of_utf_8_does_no_harm():
    assert load(codecs.BOM_UTF8 + b"flow: a\nnodes: {a: {use: set, with: {value: 1}}}").flow is not None


def test_the_size_is_refused_before_anything_is_parsed():
    (problem,) = load(b"{" * (MAX_BYTES + 1)).problems

    assert problem.code == "too_large"


def test_text_with_half_a_surrogate_pair():
    (problem,) = load("flow: a\nx: '\ud800'").problems

    assert (problem.code, problem.line, problem.column) == ("encoding", 2, 5)
