"""`@node` marks a function, refuses what cannot be a node, and leaves the function as it was."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from tenuto.sdk import BrokenNode, Context, NodeDefinition, node
from tenuto.sdk.definition import definition_of, definitions_in


@node("tests.greet", effects="once", secrets=["greeting_key"], ports=("greeted", "ignored"), timeout=5)
async def greet(name: str, *, ctx: Context) -> str:  # noqa: D417  `ctx` is no input
    """Greet somebody,
    politely.

    Args:
        name: Whom.
    """
    ctx.log("greeting", name=name)
    return f"hello {name}"


@node("tests.double")
def double(number: int) -> int:
    """Double a number."""
    return number * 2


def defined(function: Any) -> NodeDefinition:
    found = definition_of(function)
    assert found is not None
    return found


class TestADefinition:
    def test_it_knows_what_the_author_declared(self) -> None:
        """Name, ports, effects, secrets and time limit are read off it."""
        definition = defined(greet)

        assert (definition.name, definition.effects, definition.ports) == (
            "tests.greet",
            "once",
            ("greeted", "ignored"),
        )
        assert (definition.secrets, definition.timeout, definition.is_async) == (("greeting_key",), 5, True)

    def test_its_description_is_the_first_paragraph_of_the_docstring(self) -> None:
        """Line breaks inside the paragraph are no breaks."""
        assert defined(greet).description == "Greet somebody, politely."

    def test_it_says_where_the_function_stands(self) -> None:
        """File and line, as an editor opens them."""
        assert defined(double).where.startswith("tests/sdk/test_definition.py:")

    def test_the_function_stays_callable(self) -> None:
        """A test of an author calls it like any function."""
        assert double(number=4) == 8

    def test_a_host_may_always_give_the_context(self) -> None:
        """A function that does not want it is spared it."""
        assert defined(double).function(**defined(double).bind({"number": 4}), ctx=object()) == 8
        assert not defined(double).is_async

    def test_a_function_without_context_that_is_async_is_still_awaited(self) -> None:
        """The wrapper hands the coroutine on."""

        @node("tests.wait")
        async def wait() -> str:
            """Wait."""
            return "waited"

        assert defined(wait).is_async
        assert asyncio.run(defined(wait).function(ctx=None)) == "waited"

    def test_effects_are_idempotent_unless_declared(self) -> None:
        """SEMANTICS 23: `idempotent` is the default."""
        assert defined(double).effects == "idempotent"


def nothing() -> None:
    """Do nothing."""


async def pieces():
    """Yield."""
    yield 1


def positional(a: int, /) -> int:
    """Take by place."""
    return a


def anything(**names: Any) -> dict[str, Any]:
    """Take anything."""
    return names


@pytest.mark.parametrize(
    ("name", "function", "options", "said"),
    [
        ("echo", nothing, {}, "lower case with a dot"),
        ("Debug.Echo", nothing, {}, "lower case with a dot"),
        ("debug.", nothing, {}, "lower case with a dot"),
        ("tests.pieces", pieces, {}, "ctx.stream"),
        ("tests.place", positional, {}, "`a` is positional-only"),
        ("tests.any", anything, {}, "inputs are declared"),
        ("tests.x", nothing, {"effects": "twice"}, 'either "idempotent" or "once"'),
        ("tests.x", nothing, {"ports": ()}, "needs ports"),
        ("tests.x", nothing, {"ports": ("a", "a")}, "each of them once"),
        ("tests.x", nothing, {"ports": ("error",)}, "a meaning of their own"),
        ("tests.x", nothing, {"ports": ("Not found",)}, "lower case"),
        ("tests.x", nothing, {"secrets": ["my key"]}, "letters, digits and underscores"),
        ("tests.x", nothing, {"timeout": 0}, "more than 0"),
    ],
)
def test_what_cannot_be_a_node_is_refused_where_it_is_declared(
    name: str, function: Any, options: dict[str, Any], said: str
) -> None:
    """The error names the place and says what to do."""
    with pytest.raises(BrokenNode) as caught:
        node(name, **options)(function)

    assert said in str(caught.value)
    assert "test_definition.py:" in str(caught.value)


class TestTheNodesOfAModule:
    def test_are_those_that_it_declares(self) -> None:
        """What it imports belongs to another file."""
        module = SimpleNamespace(__name__=__name__, greet=greet, double=double, other=3)

        assert sorted(definitions_in(module)) == ["tests.double", "tests.greet"]

    def test_are_not_those_it_imports(self) -> None:
        """A function of another module is left to that module."""
        module = SimpleNamespace(__name__="elsewhere", greet=greet)

        assert definitions_in(module) == {}

    def test_may_not_be_declared_twice(self) -> None:
        """The error names both places."""

        @node("tests.double")
        def again() -> None:
            """Double again."""

        module = SimpleNamespace(__name__=__name__, double=double, again=again)

        with pytest.raises(BrokenNode, match=r"tests\.double is declared twice, also at .*test_definition\.py:\d+"):
            definitions_in(module)
