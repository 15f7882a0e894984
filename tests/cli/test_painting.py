"""Lines on a terminal: what does not fit stands below, and no word is cut."""

import re

import pytest

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
