"""`[models]` and `[prices]` of tenuto.toml are read strictly."""

from typing import Any

import pytest

from tenuto.ports.models import Price
from tenuto.service.model_settings import NamedModel, read_models, read_prices


def test_a_name_means_a_model_a_list_or_a_table():
    made = read_models(
        {
            "haiku": "openai:gpt-6-luna",
            "careful": ["anthropic:claude-opus-5-5", "haiku"],
            "house": {
                "model": "openai:q@http://10.0.0.5/v1",
                "key": "HOUSE_KEY",
                "options": {"seed": 1},
                "price": {"input": 1, "output": 2},
            },
        }
    )

    assert made["haiku"] == NamedModel(models=("openai:gpt-6-luna",))
    assert made["careful"].models == ("anthropic:claude-opus-5-5", "haiku")
    assert (made["house"].key, made["house"].options, made["house"].price) == (
        "HOUSE_KEY",
        {"seed": 1},
        Price(1.0, 2.0),
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "a table of names"),
        ({"a b": "x"}, "`a b` is none"),
        ({"a": 7}, "a name, a list of names or a table for `a`"),
        ({"a": []}, "a name such as"),
        ({"a": {"key": "K"}}, "`model` is missing"),
        ({"a": {"model": "x", "kee": "K"}}, "`kee` is none of them"),
        ({"a": {"model": "x", "key": "sk-not-a-variable!"}}, "never a key itself"),
        ({"a": {"model": "x", "price": {"input": 1}}}, "that of `a` is none"),
        ({"a": {"model": "x", "options": 7}}, "a table as `options`"),
    ],
)
def test_what_makes_no_sense_is_told(given: Any, said: str):
    with pytest.raises(ValueError, match=said):
        read_models(given)


def test_prices_are_numbers_from_0_on():
    assert read_prices({"openai:x": {"input": 0, "output": 2, "cached": 1}}) == {"openai:x": Price(0.0, 2.0, 1.0)}
    for wrong in ({"input": -1, "output": 1}, {"input": True, "output": 1}, {"input": 1, "output": 1, "x": 1}):
        with pytest.raises(ValueError, match="`openai:x`"):
            read_prices({"openai:x": wrong})
