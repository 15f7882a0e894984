"""Tables of tenuto.toml, and of whoever registers the same over HTTP, that make one record each."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast


def table_of(kind: type, name: str, given: object, wrong: type[ValueError]) -> dict[str, Any]:
    """The table of that name, with no other keys than `kind` has fields (its name apart)."""
    if not isinstance(given, Mapping):
        raise wrong(f"a table for `{name}`")
    table = dict(cast("Mapping[str, Any]", given))
    known = {each.name for each in fields(kind)} - {"name"}
    unknown = sorted(table.keys() - known)
    if unknown:
        raise wrong(f"{', '.join(sorted(known))}; `{unknown[0][:80]}` of `{name}` is none of them")
    return table
