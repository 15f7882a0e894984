"""The generated pages are what `make docs` writes, and what they say is so."""

import json
import runpy

import pytest

from docs.runner import ROOT
from tenuto.core.expressions import ExpressionError, compile_expression
from tenuto.core.expressions.functions import GROUPS
from tenuto.settings import table

PAGES = runpy.run_path(str(ROOT / "docs/generate.py"))["PAGES"]
FUNCTIONS = [function for group in GROUPS for function in group.functions]


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_current(page):
    assert (ROOT / "docs" / page).read_text() == PAGES[page](), "run `make docs`"


@pytest.mark.parametrize("function", FUNCTIONS, ids=[function.signature for function in FUNCTIONS])
def test_the_example_of_a_function_gives_what_the_page_says(function):
    expression = compile_expression(function.example)

    assert not isinstance(expression, ExpressionError), expression
    assert json.dumps(expression.evaluate({})) == json.dumps(function.result)


def test_every_setting_is_documented():
    page = (ROOT / "docs/reference/settings.md").read_text()

    for name, variable, _, doc in table():
        assert f"`{name}`" in page
        assert not variable or f"`{variable}`" in page
        assert doc.replace("|", "\\|") in page
