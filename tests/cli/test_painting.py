"""Lines on a terminal: what does not fit stands below, and no word is cut."""

import re
from typing import Any

import pytest

from tenuto.cli.forms import show_form
from tenuto.cli.look import Look
from tenuto.cli.painting import Cell, Painter

HEAD = [Cell("▶ clerk", "bold"), Cell("asks scripted:demo", "cyan")]


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> Painter:
    """A terminal of forty columns."""
    monkeypatch.setenv("COLUMNS", "40")
    return Painter(Look(fancy=True, rich=True))


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in capsys.readouterr().out.splitlines()]


def test_what_fits_stands_on_one_line(painter: Painter, capsys: pytest.CaptureFixture[str]) -> None:
    painter.above(HEAD, Cell("by name"))

    assert lines(capsys) == ["▶ clerk  asks scripted:demo  by name"]


def test_what_does_not_fit_stands_below_and_keeps_its_words(
    painter: Painter, capsys: pytest.CaptureFixture[str]
) -> None:
    painter.above(HEAD, Cell("no model is named, no key is set, and no Ollama runs"))

    assert lines(capsys) == [
        "▶ clerk  asks scripted:demo",
        "  no model is named, no key is set, and",
        "  no Ollama runs",
    ]


def test_elsewhere_it_is_one_line_always(capsys: pytest.CaptureFixture[str]) -> None:
    """For `grep`."""
    Painter(Look(fancy=True, rich=False)).above(HEAD, Cell("a word " * 30))

    assert len(lines(capsys)) == 1


@pytest.mark.parametrize("value", [{"text": "ten words " * 9}, "ten words " * 9, {"$file": "x" * 90}])
def test_a_value_is_never_cut(painter: Painter, capsys: pytest.CaptureFixture[str], value: object) -> None:
    """Whoever copies it from the screen has all of it."""
    painter.value(value)

    seen = "".join(lines(capsys))
    assert seen.count("words") == 9 or "x" * 90 in seen.replace(" ", "")


def test_a_form_says_all_of_each_field(
    painter: Painter, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a stranger wrote into its schema."""
    fields: dict[str, Any] = {"url": {"type": "string", "description": "as long as\na mile " * 5}, "any": True}
    fields["most"] = {"anyOf": [{"type": "integer"}, {"type": "null"}, True], "default": 5}
    fields["list"] = {"type": ["string", "null"]}

    monkeypatch.setenv("COLUMNS", "60")
    show_form(painter, {"properties": fields, "required": ["url"]})

    seen = lines(capsys)
    assert " ".join(" ".join(seen).split()).count("mile") == 5
    assert any("integer|null|any" in line and "= 5" in line for line in seen), seen
    assert max(len(line) for line in seen) <= 60
