"""The models of some settings: what is configured holds, and what is wrong with it is said."""

from pathlib import Path

import pytest

from tenuto.bootstrap.models import cards_here, make_models
from tenuto.ports.engine import Refused
from tenuto.service.model_settings import read_prices
from tenuto.settings import Settings


async def test_rows_of_the_settings_come_before_those_of_the_file(tmp_path: Path):
    rows = '"openai:x" = {input = 1, output = 2}\n"openai:y" = {input = 3, output = 4}\n'
    (tmp_path / "prices.toml").write_text(rows)
    prices = read_prices({"openai:x": {"input": 9, "output": 9}})

    for model, dollars in (("openai:x", 9.0), ("openai:y", 3.0)):
        settings = Settings(model=model, price_file=tmp_path / "prices.toml", prices=prices)
        card = (await cards_here(settings))[0]
        assert card.price is not None
        assert card.price.input == dollars


def test_a_file_of_prices_that_cannot_be_read_is_refused(tmp_path: Path):
    with pytest.raises(Refused, match=r"`price_file`: the prices in .* cannot be read"):
        make_models(Settings(price_file=tmp_path / "none.toml"))


async def test_a_secret_of_the_environment_is_a_key_too(monkeypatch: pytest.MonkeyPatch):
    """As without a server all secrets are."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("TENUTO_SECRET_OPENAI_API_KEY", "sk-1")

    (endpoint,) = await make_models(Settings()).endpoints(["openai:gpt-6-sol"], tenant="default", stage="dev")

    assert endpoint.spec.api_key == "sk-1"
