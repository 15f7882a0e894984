"""YAML out: readable, and the same value when read again."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tenuto.documents import dump, parse

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
WORDS = st.sampled_from(["yes", "null", "~", "0o17", "0x1F", "1:30", "1e3", "1_0", ".5", "+1", "- a", "a: b", "#x", "${a ? 1 : 2}", "a\nb\n", "\n", "a \nb", "<<", "=", "2030-01-31", "true", ".inf", "a\n\n", "\tx", "'", '"', "|", "&a", "!x", "a\x85b", "\ufeff"])  # fmt: skip
FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | FINITE | TEXT | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | WORDS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(TEXT | WORDS, JSON, max_size=4))
def test_it_reads_back_as_the_same_value(document):
    text = dump(document)

    assert parse(text, format="yaml") == (document, [])


def test_it_is_what_a_person_would_write():
    document = {
        "flow": "a",
        "nodes": {"x": {"use": "agent", "with": {"task": "Write it.\nBriefly.\n", "to": ["ann", "bob"]}}},
    }

    assert dump(document) == (
        "flow: a\nnodes:\n  x:\n    use: agent\n    with:\n      task: |\n        Write it.\n        Briefly.\n"
        "      to:\n      - ann\n      - bob\n"
    )


def test_the_deepest_document_can_be_written():
    document: object = 1
    for _ in range(199):
        document = {"a": document}

    assert parse(dump(document), format="yaml") == (document, [])
