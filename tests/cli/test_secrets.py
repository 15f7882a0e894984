"""`tenuto secrets …`: a value comes from stdin or a prompt, and is never an argument, never printed."""

import asyncio
import io
import json
import sys
from pathlib import Path

import pytest

from cli.conftest import Tenuto
from tenuto.bootstrap.vault import open_vault
from tenuto.settings import Settings

VALUE = "s3cr3t-välue"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch):
    def type_(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    return type_


def held(project: Path, name: str, *, stage: str = "dev", tenant: str = "default") -> str:
    """As a node of a server would be given it."""

    async def look() -> str:
        async with open_vault(Settings(data=project / ".tenuto")) as vault:
            return await vault.get(name, tenant=tenant, stage=stage)

    return asyncio.run(look())


def test_a_secret_is_set_from_stdin_listed_and_deleted(tenuto: Tenuto, project: Path, typed):
    typed(f"{VALUE}\n")
    made = tenuto("secrets", "set", "TOKEN")
    listed = tenuto("secrets", "list")
    value = held(project, "TOKEN")
    gone = tenuto("secrets", "delete", "TOKEN")
    empty = tenuto("secrets", "list")

    assert (made.code, made.out) == (0, "TOKEN is set for every stage\n")
    assert "TOKEN" in listed.out
    assert value == VALUE
    assert (gone.code, gone.out) == (0, "deleted TOKEN\n")
    assert (empty.code, empty.out) == (0, "")
    assert VALUE not in "".join(said.out + said.err for said in (made, listed, gone, empty))


@pytest.mark.parametrize(
    ("text", "value"), [("value\r\n", "value"), ("two\nlines\n\n", "two\nlines\n"), ("bare", "bare")]
)
def test_one_newline_at_the_end_is_not_part_of_it(tenuto: Tenuto, project: Path, typed, text: str, value: str):
    typed(text)
    tenuto("secrets", "set", "TOKEN", "--stage", "dev")

    assert held(project, "TOKEN") == value


def test_on_a_terminal_it_is_asked_for_without_showing_it(
    tenuto: Tenuto, project: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt, stream: VALUE if prompt == "Value of TOKEN: " else "")

    assert tenuto("secrets", "set", "TOKEN").code == 0
    assert held(project, "TOKEN") == VALUE


def test_json_tells_all_but_the_value(tenuto: Tenuto, typed):
    typed(VALUE)
    made = tenuto("secrets", "set", "TOKEN", "--stage", "prod", "--host", "slack.com", "--json")
    listed = tenuto("secrets", "list", "--json")
    gone = tenuto("secrets", "delete", "TOKEN", "--stage", "prod", "--json")

    assert made.last.keys() == {"name", "stage", "version", "updated_at", "by", "hosts"}
    assert [(item["name"], item["stage"]) for item in listed.last["items"]] == [("TOKEN", "prod")]
    assert made.last["hosts"] == ["slack.com"]
    assert gone.last == {"name": "TOKEN", "stage": "prod", "deleted": True}
    assert VALUE not in json.dumps([made.last, listed.last])


def test_a_value_as_an_argument_is_refused(tenuto: Tenuto, typed):
    """It would stand in the list of processes and in the history of the shell."""
    typed("")
    said = tenuto("secrets", "set", "TOKEN", VALUE)

    assert said.code == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["set", "to-ken"], "cannot be named in an expression"),
        (["set", "KEY"], "cannot be called `KEY`"),
        (["set", "TOKEN", "--stage", "nowhere"], "there is no stage `nowhere`"),
        (["set", "TOKEN", "--tenant", "nobody"], "there is no tenant `nobody`"),
        (["delete", "TOKEN"], "there is no"),
        (["list"], "there is nothing in"),
    ],
)
def test_what_cannot_be_is_said_in_two_lines(tenuto: Tenuto, typed, words: list[str], message: str):
    typed(VALUE)
    said = tenuto("secrets", *words)

    assert said.code == 2
    assert message in said.err
    assert VALUE not in said.err


def test_rotation_seals_everything_anew_and_forgets_older_keys_when_told(tenuto: Tenuto, project: Path, typed):
    typed(VALUE)
    tenuto("secrets", "set", "TOKEN")
    file = project / ".tenuto" / "secret.key"
    old = file.read_text()

    first = tenuto("secrets", "rotate")
    both = file.read_text()
    second = tenuto("secrets", "rotate", "--forget", "--json")

    assert first.code == 0
    assert first.out.startswith("1 secret sealed with the key ")
    assert old in both
    assert both != old
    assert second.last["rewrapped"] == 1
    assert second.last["forgotten"] == 2
    assert len(file.read_text().split()) == 1
    assert held(project, "TOKEN") == VALUE


def test_a_guessable_key_is_refused_at_once(tenuto: Tenuto, monkeypatch: pytest.MonkeyPatch, typed):
    monkeypatch.setenv("TENUTO_SECRET_KEY", "changeme")
    typed(VALUE)

    said = tenuto("secrets", "set", "TOKEN")

    assert said.code == 2
    assert "TENUTO_SECRET_KEY" in said.err
    assert "openssl rand -base64 32" in said.err
    assert "changeme" not in said.err
