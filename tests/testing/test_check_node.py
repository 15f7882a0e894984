"""`check_node` finds each broken promise; a check that finds nothing would be worth nothing."""

import asyncio
from typing import Annotated, Any

import pytest
from pydantic import Field

from tenuto.sdk import BrokenNode, NodeDefinition, NodeError, Port, Registry, node
from tenuto.sdk.definition import definition_of
from tenuto.testing.check_node import check_node, check_nodes, try_node


def defined(function: Any, **options: Any) -> NodeDefinition:
    found = definition_of(node("tests.sample", **options)(function))
    assert found is not None
    return found


def good(text: str, times: int = 2) -> str | Port:
    """Repeat a text."""
    return text * times if times else Port("never", None)


def undocumented(text: str) -> str:
    return text


def unfit_default(text: str = None) -> str:  # noqa: RUF013  # pyright: ignore[reportArgumentType]
    """Say one thing and do another."""
    return text


def unwritable_default(value: Any = object) -> None:
    """Have a default that JSON cannot say."""


def leaking(token: str) -> str:
    """Take a secret as an input."""
    return token


def odd_schema(value: Annotated[int, Field(json_schema_extra={"type": 5})]) -> None:
    """Draw a form that is none."""


class TestChecking:
    def test_a_good_node_passes(self) -> None:
        """Nothing to say."""
        check_node(defined(good))

    @pytest.mark.parametrize(
        ("definition", "said"),
        [
            (defined(undocumented), "has no docstring"),
            (defined(unfit_default), "has a default for `text` that does not fit its own type: None"),
            (defined(unwritable_default), "has a default for `value` that cannot be written as JSON"),
            (defined(odd_schema), "has a schema that is none"),
            (defined(leaking, secrets=["token"]), "takes the secret `token` as an input"),
        ],
    )
    def test_each_broken_promise_is_named_with_its_place(self, definition: NodeDefinition, said: str) -> None:
        """File and line first, then the node, then what is wrong."""
        with pytest.raises(AssertionError) as caught:
            check_node(definition)

        assert said in str(caught.value)
        assert "test_check_node.py:" in str(caught.value)
        assert "tests.sample" in str(caught.value)

    def test_a_form_that_cannot_be_made_is_told_as_it_is(self) -> None:
        """The error of the sdk says enough."""

        def odd(sample: NodeDefinition) -> None:
            """Take what JSON cannot say."""

        with pytest.raises(BrokenNode, match="cannot be told in JSON"):
            check_node(defined(odd))

    def test_files_that_cannot_be_read_fail_the_check_of_all(self, tmp_path: Any) -> None:
        """A node that is not found is not checked, and that must not pass."""
        (tmp_path / "bad.py").write_text("def node(:\n")

        with pytest.raises(AssertionError, match=r"bad\.py:1: this is no Python"):
            check_nodes(Registry([tmp_path], installed=[]))


class TestTrying:
    def test_a_node_runs_as_on_a_host(self) -> None:
        """Bound, called, converted; a plain `def` in a thread."""
        assert asyncio.run(try_node(defined(good), {"text": "a"})) == Port("done", "aa")

    def test_a_port_that_is_not_declared_is_an_error(self) -> None:
        """Nobody could wait for it."""
        with pytest.raises(AssertionError, match="fired the port `never`, which it does not declare"):
            asyncio.run(try_node(defined(good), {"text": "a", "times": 0}))
        assert asyncio.run(try_node(defined(good, ports=("done", "never")), {"text": "a", "times": 0})) == Port(
            "never", None
        )

    def test_errors_come_as_they_are(self) -> None:
        """The test of an author looks at them."""
        with pytest.raises(NodeError, match="`text` is missing"):
            asyncio.run(try_node(defined(good)))
