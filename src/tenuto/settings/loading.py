"""What holds here: settings from the file, over them those of the environment, over them the arguments of a command."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from tenuto.settings.known import Settings

PREFIX: Final = "TENUTO_"
FILE: Final = "tenuto.toml"
# Never shown as they were given, not even where they are wrong.
_SECRET: Final = frozenset({"database_url", "secret_key"})
# Never in a file that lies beside flows, in Git.
_ENVIRONMENT_ONLY: Final = frozenset({"secret_key"})
# Tables that only a file can hold.
_FILE_ONLY: Final = frozenset({"limits", "mcp", "models", "needs", "oidc", "pools", "prices", "tools", "vars"})


class WrongSetting(Exception):
    """A setting that cannot be: which, where it was given, what would be right."""


def load(environment: Mapping[str, str] | None = None, directory: Path | None = None, **given: Any) -> Settings:
    """What holds here. `given`: arguments of a command, None where it has none. Raises `WrongSetting`."""
    filed = _from_file((directory or Path()) / FILE)
    for name in _ENVIRONMENT_ONLY & filed.keys():
        raise WrongSetting(f"{FILE}: `{name}` is a secret; give it as {PREFIX}{name.upper()} in the environment")
    settings = _with(Settings(), filed, FILE)
    settings = _with(settings, _from_environment(os.environ if environment is None else environment), "the environment")
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def table() -> list[tuple[str, str, str, str]]:
    """For the reference: name, environment variable, default, what it is."""
    rows: list[tuple[str, str, str, str]] = []
    for each in fields(Settings):
        variable = "" if each.name in _FILE_ONLY else PREFIX + each.name.upper()
        rows.append((each.name, variable, _shown(getattr(Settings(), each.name)), each.metadata["doc"]))
    return rows


def _from_file(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"{file} cannot be read: {error}") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongSetting(f"{file} is not TOML: {error}") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Only what is ours: other programs of the family may have variables of their own with our prefix."""
    names = {each.name for each in fields(Settings)} - _FILE_ONLY
    found = {name: environment.get(PREFIX + name.upper()) for name in names}
    return {name: value for name, value in found.items() if value}


def _with(settings: Settings, given: Mapping[str, Any], source: str) -> Settings:
    known = {each.name: each for each in fields(Settings)}
    read: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise WrongSetting(f"{source}: there is no setting `{name}`{hint}")
        try:
            read[name] = known[name].metadata["read"](value)
        except ValueError as error:
            shown = "not what it should be" if name in _SECRET else repr(value)
            raise WrongSetting(f"{source}: `{name}` is {shown}; it takes {error}") from None
    return replace(settings, **read)


def _shown(value: Any) -> str:
    if value is None or value in ((), {}):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
