"""Prices come from a table that users override; what no row names has no price."""

from pathlib import Path

import pytest

from tenuto.models.prices import WrongPrice, load, price_of, read, shipped
from tenuto.ports.models import Price


def test_the_shipped_table_is_sound():
    for name, price in shipped().items():
        assert ":" in name
        assert (price.cached or 0) <= price.input <= price.output


@pytest.mark.parametrize(
    ("provider", "model", "found"),
    [
        ("openai", "gpt-6-sol", Price(2.0, 10.0)),
        ("openai-responses", "gpt-6-sol", Price(2.0, 10.0)),
        ("openai", "gpt-6-sol-2026-09-22", Price(2.0, 10.0)),
        ("openai", "gpt-6-sol-20260922", Price(2.0, 10.0)),
        ("openai", "gpt-6-sol-turbo", None),
        ("ollama", "anything", Price(0.0, 0.0)),
        ("scripted", "demo", Price(0.0, 0.0, 0.0)),
    ],
)
def test_a_model_is_priced_by_its_row(provider: str, model: str, found: Price | None):
    table = read({"openai:gpt-6-sol": {"input": 2, "output": 10}, "ollama:*": {"input": 0, "output": 0}})

    assert price_of(table, provider, model) == found


@pytest.mark.parametrize(
    "row",
    [{}, {"input": 1}, {"input": 1, "output": -1}, {"input": "1", "output": 1}, {"input": 1, "output": 1, "x": 1}, 7],
)
def test_a_row_that_says_no_price_is_refused(row: object):
    with pytest.raises(WrongPrice, match="`openai:x`"):
        read({"openai:x": row})


def test_a_file_of_prices_is_read(tmp_path: Path):
    (tmp_path / "prices.toml").write_text('"openai:x" = {input = 1, output = 2}\n')

    assert load(tmp_path / "prices.toml") == {"openai:x": Price(1.0, 2.0)}
    with pytest.raises(WrongPrice, match="cannot be read"):
        load(tmp_path / "none.toml")
