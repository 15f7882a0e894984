"""The codec: facts come back as they were given, large values leave the row, and what is unknown is refused."""

import json
from dataclasses import MISSING, fields
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto.core import events
from tenuto.core.values import NotJson, Secret, SecretText
from tenuto.ports.codec import ROW_LIMIT, UnknownFact, decode, digest_of, encode, plain, references

INTS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | INTS | FLOATS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
LARGE = "x" * (ROW_LIMIT + 1)


def succeeded(output: Any, bound: Any = None) -> events.NodeSucceeded:
    return events.NodeSucceeded(at=1.5, path="a", port="done", output=output, input=bound)


def back(fact: events.Fact) -> events.Fact:
    """Through the codec and back, as a host does it."""
    body, blobs = encode(fact)
    return decode(fact.type, body, dict(blobs))


def example(kind: type[events.Fact]) -> events.Fact:
    """One fact of the kind, with nothing but what it requires."""
    required = [field for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING]
    samples: dict[str, Any] = {"at": 1.5, "epoch": 2, "attempt": 1, "index": 0, "due": 9.0}
    given: dict[str, Any] = {
        field.name: samples.get(field.name, {"type": "x"} if "dict" in str(field.type) else "text")
        for field in required
    }
    return kind(**given)


def same(left: object, right: object) -> bool:
    """Equal, and of the same types all through: 1, 1.0 and true are three values, and so are 0.0 and -0.0."""
    return repr(left) == repr(right)


class TestRoundTrip:
    @pytest.mark.parametrize("kind", events.FACTS.values(), ids=list(events.FACTS))
    def test_every_kind_of_fact_comes_back_equal(self, kind: type[events.Fact]):
        """SEMANTICS 28: there is no fact that a journal cannot keep."""
        fact = example(kind)

        assert back(fact) == fact

    @given(VALUES, VALUES)
    def test_every_value_comes_back_with_its_type(self, output: object, bound: object):
        """64-bit integers, floats that look like integers, odd text, any nesting."""
        fact = succeeded(output, bound)

        assert same(back(fact), fact)

    def test_the_body_is_json_with_the_fields_by_name(self):
        """The type stands beside the body, not in it; every field is there."""
        body, blobs = encode(succeeded({"n": 1}))

        assert json.loads(body) == {
            "at": 1.5,
            "path": "a",
            "port": "done",
            "output": {"n": 1},
            "attempt": 1,
            "started_at": None,
            "input": None,
            "usage": None,
            "signal": None,
        }
        assert blobs == ()

    def test_a_field_named_like_a_keyword_loses_its_underscore(self):
        """SEMANTICS 28: `node.reused{from}`."""
        fact = events.NodeReused(at=1.0, path="a", from_="run-1", port="done", output=LARGE)

        body, _ = encode(fact)

        assert json.loads(body)["from"] == "run-1"
        assert plain(fact)["from"] == "run-1"
        assert back(fact) == fact

    def test_secrets_are_recorded_by_name(self):
        """SEMANTICS 28: never a value; alone, in a text, and inside a value that leaves the row."""
        text = SecretText(("Bearer ", Secret("TOKEN")))

        body, _ = encode(succeeded(None, {"key": Secret("KEY"), "deep": [{"header": text}]}))
        _, blobs = encode(succeeded(None, {"large": [LARGE, Secret("KEY")]}))

        shown = {"key": {"$secret": "KEY"}, "deep": [{"header": {"$text": ["Bearer ", {"$secret": "TOKEN"}]}}]}
        assert json.loads(body)["input"] == shown
        assert json.loads(blobs[0][1]) == [LARGE, {"$secret": "KEY"}]

    @pytest.mark.parametrize("odd", [object(), 1j, {1: object()}])
    def test_what_is_not_json_is_refused(self, odd: object):
        """Checked before it comes here; still nothing odd is written."""
        with pytest.raises((NotJson, TypeError)):
            encode(succeeded(odd))


class TestLargeValues:
    def test_a_value_of_64_kb_stays_and_a_larger_one_leaves(self):
        """The limit is on the encoded value: a text has two quotes."""
        fits, exceeds = "x" * (ROW_LIMIT - 2), "x" * (ROW_LIMIT - 1)

        assert encode(succeeded(fits))[1] == ()
        body, blobs = encode(succeeded(exceeds))

        assert [name for name, _ in blobs] == [digest_of(f'"{exceeds}"'.encode())]
        assert len(body) < 500

    def test_members_of_an_object_leave_one_by_one(self):
        """The rest of the input can still be read in the row."""
        fact = succeeded("out", {"document": LARGE, "depth": 3, "other": {"text": LARGE + "y"}})

        body, blobs = encode(fact)

        assert json.loads(body)["input"] == {"document": None, "depth": 3, "other": None}
        assert references(body) == [name for name, _ in blobs]
        assert len(blobs) == 2
        assert back(fact) == fact

    def test_an_object_of_many_small_members_leaves_whole(self):
        """No row is much larger than a value may be."""
        fact = succeeded({f"k{number}": "x" * 1_000 for number in range(200)})

        body, blobs = encode(fact)

        assert len(blobs) == 1
        assert len(body) < 500
        assert back(fact) == fact

    def test_null_and_large_members_are_told_apart(self):
        """A member that is really null is no reference."""
        fact = succeeded({"null": None, "large": LARGE})

        assert back(fact) == fact

    def test_the_fact_itself_is_left_alone(self):
        """The heart holds whole values and goes on using them."""
        output = {"large": LARGE}

        encode(succeeded(output))

        assert output == {"large": LARGE}

    def test_equal_values_are_one_blob(self):
        """Content is known by its hash."""
        body, blobs = encode(succeeded(LARGE, LARGE))

        assert len({name for name, _ in blobs}) == 1
        assert back(succeeded(LARGE, LARGE)) == succeeded(LARGE, LARGE)
        assert len(references(body)) == 2

    @pytest.mark.parametrize("forged", [{"$refs": [[["output"], "0" * 64]]}, {"$file": "x"}, {"$secret": "KEY"}])
    def test_user_data_that_looks_like_a_reference_is_data(self, forged: dict[str, object]):
        """References stand beside the fields, where no user value comes."""
        small, large = succeeded(forged, {"a": forged}), succeeded({**forged, "large": LARGE}, forged)

        assert references(encode(small)[0]) == []
        assert len(references(encode(large)[0])) == 1
        assert back(small) == small
        assert back(large) == large


class TestUnknown:
    def test_an_unknown_type_is_refused(self):
        """A newer program wrote it."""
        with pytest.raises(UnknownFact, match=r"newer Tenuto.*node\.teleported"):
            decode("node.teleported", b'{"at":1.0}')

    def test_an_unknown_field_is_refused(self):
        """Half of a fact is worse than none; the sentence names the field."""
        body = msgspec.json.encode({**plain(succeeded(1)), "weight": 3})

        with pytest.raises(UnknownFact, match=r"newer Tenuto.*node\.succeeded.*weight"):
            decode("node.succeeded", body)

    def test_a_field_that_came_later_takes_its_default(self):
        """An older journal is read by a newer program."""
        body = b'{"at":1.5,"path":"a","port":"done","output":7}'

        assert decode("node.succeeded", body) == succeeded(7)
