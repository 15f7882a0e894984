"""`[models]` of tenuto.toml: what names of models mean here, as the administrator says it.

[models]
default = "anthropic:claude-sonnet-5-5"
haiku = "openai:gpt-6-luna"
careful = ["anthropic:claude-opus-5-5", "openai:gpt-6.2-astra"]     # the first that answers

[models.house]
model = "openai:qwen3-32b@http://10.0.0.5:8000/v1"
key = "HOUSE_MODEL_KEY"                                              # a variable of the server's environment
options = {temperature = 0.2, timeout = 120}
price = {input = 0.1, output = 0.3}
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from tenuto.ports.models import Price

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FIELDS: Final = frozenset({"model", "key", "options", "price"})
_AMOUNTS: Final = frozenset({"input", "output", "cached", "written"})


@dataclass(slots=True, frozen=True, kw_only=True)
class NamedModel:
    """`models`: names or other names, in order. `key`: the variable that its key stands in; empty: the provider's usual one."""

    models: tuple[str, ...]
    key: str = ""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    price: Price | None = None


def read_models(given: Any) -> dict[str, NamedModel]:
    """`ValueError` says what it takes."""
    table = _table(given, "a table of names")
    wrong = next((name for name in table if not _NAME.fullmatch(name)), None)
    if wrong is not None:
        raise ValueError(f"names of letters, digits, `.`, `-` and `_`; `{wrong[:60]}` is none")
    return {name: _model(name, said) for name, said in table.items()}


def read_prices(given: Any) -> dict[str, Price]:
    """`"openai:gpt-6-sol" = {input = 2, cached = 0.2, output = 10}`; `ValueError` says what it takes."""
    return {name: read_price(name, row) for name, row in _table(given, "a table of prices").items()}


def read_price(name: str, given: Any) -> Price:
    row = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    if row.keys() - _AMOUNTS or not {"input", "output"} <= row.keys():
        raise ValueError(f"prices like {{input = 2, cached = 0.2, output = 10}}; that of `{name[:80]}` is none")
    if any(isinstance(each, bool) or not isinstance(each, int | float) or each < 0 for each in row.values()):
        raise ValueError(f"numbers from 0 on as prices; that of `{name[:80]}` holds something else")
    return Price(**{key: float(amount) for key, amount in row.items()})


def _model(name: str, said: Any) -> NamedModel:
    if isinstance(said, str | list):
        return NamedModel(models=_names(name, said))
    row = _table(said, f"a name, a list of names or a table for `{name}`")
    unknown = sorted(row.keys() - _FIELDS)
    if unknown or "model" not in row:
        what = f"`{unknown[0]}` is none of them" if unknown else "`model` is missing"
        raise ValueError(f"`model`, `key`, `options`, `price` for `{name}`; {what}")
    key = row.get("key", "")
    if not isinstance(key, str) or (key and not _VARIABLE.fullmatch(key)):
        raise ValueError(f"the name of a variable of the environment as `key` of `{name}`, never a key itself")
    price = read_price(name, row["price"]) if "price" in row else None
    options = _table(row.get("options", {}), f"a table as `options` of `{name}`")
    return NamedModel(models=_names(name, row["model"]), key=key, options=options, price=price)


def _names(name: str, said: Any) -> tuple[str, ...]:
    listed = cast("list[Any]", said) if isinstance(said, list) else [said]
    if not listed or not all(isinstance(each, str) and each for each in listed):
        raise ValueError(f"a name such as openai:gpt-6-sol, or a list of them, for `{name}`")
    return tuple(listed)


def _table(given: Any, what: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ValueError(what)  # noqa: TRY004  what settings catch
    return cast("dict[str, Any]", given)
