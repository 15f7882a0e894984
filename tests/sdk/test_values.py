"""What nodes return becomes JSON at the edge, or a sentence that says why it cannot (SEMANTICS 32)."""

import dataclasses
import enum
import uuid
from collections import OrderedDict, deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from tenuto.core.values import check_json
from tenuto.sdk import NodeError
from tenuto.sdk.values import MAX_BYTES, own, to_json

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


class Colour(enum.Enum):
    RED = "red"


class Word(enum.StrEnum):
    YES = "yes"


class Model(BaseModel):
    when: datetime
    colour: Colour = Colour.RED
    name: str = Field(default="x", serialization_alias="fullName")


@dataclasses.dataclass
class Point:
    x: int
    tags: set[str]
    model: Model | None = None


class Floatish(float):
    pass


NOON = datetime(2030, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "made"),
    [
        (NOON, "2030-01-02T12:00:00Z"),
        (NOON.astimezone(timezone(timedelta(hours=2))), "2030-01-02T14:00:00+02:00"),
        (date(2030, 1, 2), "2030-01-02"),
        (timedelta(seconds=90), "PT1M30S"),
        (Colour.RED, "red"),
        (Word.YES, "yes"),
        ((1, (2, 3)), [1, [2, 3]]),
        ({4}, [4]),
        (deque([1]), [1]),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Decimal("1.50"), "1.50"),
        (PurePosixPath("a/b"), "a/b"),
        (b"\xff\x00", "/wA="),  # the alphabet of `base64.decode` in expressions (SEMANTICS 6)
        (ip_address("::1"), "::1"),
        (Floatish(1.5), 1.5),
        (OrderedDict(a=1), {"a": 1}),
        ({Word.YES: 1}, {"yes": 1}),
        (Model(when=NOON), {"when": "2030-01-02T12:00:00Z", "colour": "red", "fullName": "x"}),
        (
            Point(1, {"a"}, Model(when=NOON)),
            {"x": 1, "tags": ["a"], "model": {"when": "2030-01-02T12:00:00Z", "colour": "red", "fullName": "x"}},
        ),
        ([{"a": (Colour.RED, None, True)}], [{"a": ["red", None, True]}]),
    ],
    ids=repr,
)
def test_python_objects_become_json(value: Any, made: Any) -> None:
    """Models, dataclasses, dates, enums and their like need no thought of their author."""
    result = to_json(value)

    assert result == made
    check_json(result)


@given(json_values)
def test_json_stays_as_it_is_and_becomes_nobody_elses(value: Any) -> None:
    """Equal, and sharing no list and no object with what was returned."""
    made = to_json(value)

    assert made == value
    assert repr(made) == repr(value)
    assert own(value) == value
    if isinstance(value, (list, dict)):
        assert made is not value
        assert own(value) is not value


def cyclic() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


def deep() -> Any:
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    return value


class Raises(BaseModel):
    @property
    def model_fields_set(self) -> set[str]:
        raise RuntimeError

    def model_dump(self, **options: Any) -> dict[str, Any]:
        raise RuntimeError("not today\nnor tomorrow")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "output is nan, which JSON cannot say"),
        ({"a": [float("inf")]}, "output.a[0] is inf"),
        (2**63, "output is an integer outside 64 bits; return it as text"),
        ([-(2**63) - 1], "output[0] is an integer outside 64 bits"),
        ("\ud800", "output holds half a surrogate pair at 0"),
        ({"\udfff": 1}, "output holds half a surrogate pair"),
        ({1: "a"}, "output has the key 1, which is not text"),
        ({None: "a"}, "output has the key None"),
        ({(1, 2): "a"}, "output has the key (1, 2)"),
        (object(), "output is a object, which cannot be written as JSON"),
        ({"f": print}, "output.f is a builtin_function_or_method"),
        (cyclic(), "is nested deeper than 200 levels, or contains itself"),
        (deep(), "is nested deeper than 200 levels"),
        ((number for number in range(3)), "output is a generator, which can be read only once; return a list"),
        (Raises(), "which cannot be written as JSON: not today"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isascii() else "",
)
def test_what_json_cannot_say_is_refused_with_its_place(value: Any, said: str) -> None:
    """Of type `output`, never retried: the same code would return the same again."""
    with pytest.raises(NodeError) as caught:
        to_json(value)

    assert said in caught.value.message
    assert "\n" not in caught.value.message
    assert (caught.value.type, caught.value.retry) == ("output", False)


def test_an_endless_iterator_is_refused_at_once() -> None:
    """Reading it would never end."""

    def endless() -> Iterator[int]:
        while True:
            yield 1

    with pytest.raises(NodeError, match="return a list"):
        to_json(endless())


class TestSize:
    def test_a_value_of_ten_megabytes_passes(self) -> None:
        """The limit is counted in bytes of JSON text."""
        assert len(to_json("x" * (MAX_BYTES - 2))) == MAX_BYTES - 2

    @pytest.mark.parametrize(
        "value", ["x" * (MAX_BYTES - 1), "é" * (MAX_BYTES // 2), ["\n" * (MAX_BYTES // 2)]], ids=["a", "é", "n"]
    )
    def test_more_is_too_large(self, value: Any) -> None:
        """SEMANTICS 32: a value over 10 MB fails its node with `too_large`; the message says what to do."""
        with pytest.raises(NodeError, match=r"ctx\.files\.put") as caught:
            to_json(value)

        assert (caught.value.type, caught.value.retry) == ("too_large", False)
