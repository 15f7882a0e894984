r"""`template.render` fills in placeholders; it runs no code, and costs what the text is long."""

import asyncio
import time
from typing import Any

import pytest

from tenuto.sdk import NodeError, Registry
from tenuto.testing.check_node import try_node

RENDER = Registry()["template.render"]


def render(template: str, **values: Any) -> str:
    return asyncio.run(try_node(RENDER, {"template": template, "values": values})).value


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", ""),
        ("plain } text { with {one} brace", "plain } text { with {one} brace"),
        ("Dear {{ name }},", "Dear Ada,"),
        ("{{name}}{{ name }}", "AdaAda"),
        ("{{ order.lines.1.title }}", "Pen"),
        ("{{ count }} {{ share }} {{ ok }}", "3 0.5 true"),
        ("[{{ nothing }}]", "[]"),
        ("{{ order }}", '{"lines":[{"title":"Ink"},{"title":"Pen"}],"größe":"ü"}'),
        ("{{ order.größe }}", "ü"),
        (r"\{{ name }} is {{ name }}", "{{ name }} is Ada"),
        ("{{\n  name\n}}", "Ada"),
        ("{{ tricky }}", "{{ name }}"),
    ],
)
def test_placeholders_are_filled_in(template: str, text: str) -> None:
    """Text as it is, null as nothing, the rest as JSON; what was filled in is not looked at again."""
    order = {"lines": [{"title": "Ink"}, {"title": "Pen"}], "größe": "ü"}

    assert (
        render(template, name="Ada", order=order, count=3, share=0.5, ok=True, nothing=None, tricky="{{ name }}")
        == text
    )


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ missing }}", "`values` has no `missing`"),
        ("{{ name.first }}", "`values` has no `name.first`: `first` is missing"),
        ("{{ list.7 }}", "`7` is missing"),
        ("{{ list.-1 }}", "is no placeholder"),
        ("a\nb {{ 1 + 2 }}", "line 2: `{{ 1 + 2 }}` is no placeholder"),
        ("{{ name.__class__ }}", "`__class__` is missing"),
        ("{{ name|upper }}", "is no placeholder"),
        ("{{ name", "line 1: `{{` is no placeholder"),
        ("{{}}", "is no placeholder"),
        ("{{ name() }}", "is no placeholder"),
        ("{% for x in list %}{{ x }}", "`values` has no `x`"),
    ],
)
def test_what_cannot_be_filled_in_is_an_input_error(template: str, said: str) -> None:
    """It names the placeholder and the line; a letter with a hole in it is never sent."""
    with pytest.raises(NodeError) as caught:
        render(template, name="Ada", list=[1])

    assert said in caught.value.message
    assert (caught.value.type, caught.value.retry) == ("input", False)


@pytest.mark.parametrize("template", ["{{" * 200_000, "{{ a }" * 100_000, "{{ " + "a." * 100_000], ids=range(3))
def test_an_odd_text_costs_no_more_than_its_length(template: str) -> None:
    """No pattern backtracks."""
    started = time.perf_counter()

    with pytest.raises(NodeError) as caught:
        render(template, a="x")

    assert len(caught.value.message) < 1000
    assert time.perf_counter() - started < 1


def test_many_placeholders_are_filled_in_quickly() -> None:
    """A hundred thousand of them, and as many plain braces."""
    started = time.perf_counter()

    assert render("{{ a }}\\{{" * 100_000, a="x") == "x{{" * 100_000
    assert time.perf_counter() - started < 2


def test_a_small_template_cannot_fill_the_memory() -> None:
    """SEMANTICS 32: over 10 MB it is `too_large`."""
    with pytest.raises(NodeError) as caught:
        render("{{ a }}" * 1000, a="x" * 100_000)

    assert caught.value.type == "too_large"
