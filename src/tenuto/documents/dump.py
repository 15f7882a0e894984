"""A document as YAML that a person would write: keys in their order, texts of several lines as blocks, quotes where needed.

What is written reads back as the same value by the core schema of YAML 1.2, and by readers of YAML 1.1 as well.
"""

import re
from typing import Any, Final

import yaml

# What a reader of the core schema would not take for text, though YAML 1.1 does.
_NOT_TEXT: Final = re.compile(
    r"0o[0-7]+|0x[0-9a-fA-F]+|[-+]?[0-9.][0-9.]*([eE][-+]?[0-9]+)?|[-+]?\.(inf|nan)", re.IGNORECASE | re.ASCII
)
_WIDE: Final = 120


def dump(document: object) -> str:
    """The YAML text of a JSON value."""
    return yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDE, default_flow_style=False
    )


class _Dumper(yaml.CSafeDumper):
    """Writes every value out: no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the signature is the parent's
        return True


def _text(dumper: Any, text: str) -> Any:
    style = None
    if "\n" in text.strip("\n") and _fits_block(text):
        style = "|"
    elif _NOT_TEXT.fullmatch(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _fits_block(text: str) -> bool:
    """Blocks keep all but these as they are; quotes keep everything."""
    return (
        not any(line != line.rstrip() for line in text.split("\n")) and text.isprintable() is False and "\r" not in text
    )


_Dumper.add_representer(str, _text)
