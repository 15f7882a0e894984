"""`tenuto keys`, `users`, `audit`: beside a server or without one, on the store of the data directory."""

import asyncio
import io
import json
import sqlite3
import sys
from pathlib import Path

import pytest

from cli.conftest import Tenuto
from tenuto.bootstrap.identity import open_identity
from tenuto.ports.engine import Refused
from tenuto.service.permissions import ROLES
from tenuto.service.principal import Principal
from tenuto.settings import Settings


def proven(project: Path, credential: str) -> Principal | None:
    """As a server takes it."""

    async def ask() -> Principal | None:
        async with open_identity(Settings(data=project / ".tenuto")) as registrar:
            try:
                return await registrar.identity.gate.identify(credential)
            except Refused:
                return None

    return asyncio.run(ask())


def logged_in(project: Path, login: str, password: str) -> Principal:
    async def ask() -> Principal:
        async with open_identity(Settings(data=project / ".tenuto")) as registrar:
            tickets = await registrar.identity.login.login(login, password)
            return await registrar.identity.gate.identify(tickets.access)

    return asyncio.run(ask())


class TestKeys:
    def test_a_key_is_shown_once_and_works(self, tenuto: Tenuto, project: Path) -> None:
        made = tenuto("keys", "create", "ci", "-p", "runs:write", "-p", "task:read")
        listed = tenuto("keys", "list")
        who = proven(project, made.out.strip())

        assert (made.code, "not shown again" in made.err) == (0, True)
        assert who is not None
        assert who.permissions == {"runs:read", "runs:write"}
        assert made.out.strip() not in listed.out
        assert "ci" in listed.out

    def test_unless_told_otherwise_it_may_what_a_developer_may(self, tenuto: Tenuto, project: Path) -> None:
        made = tenuto("keys", "create", "dev", "--json").last
        who = proven(project, made["key"])

        assert who is not None
        assert who.permissions == ROLES["developer"].permissions

    def test_a_role_and_permissions_add_up(self, tenuto: Tenuto, project: Path) -> None:
        made = tenuto("keys", "create", "x", "--role", "viewer", "-p", "runs:write", "--json").last

        assert set(made["permissions"]) == {*ROLES["viewer"].permissions, "runs:write"}

    def test_a_revoked_key_is_nobody(self, tenuto: Tenuto, project: Path) -> None:
        made = tenuto("keys", "create", "ci", "--json").last

        gone = tenuto("keys", "revoke", made["id"])

        assert (gone.code, gone.out) == (0, f"revoked {made['id']}\n")
        assert proven(project, made["key"]) is None
        assert tenuto("keys", "list", "--json").last["items"][0]["status"] == "revoked"

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["create", "x", "-p", "run:write"], "runs:write"),
            (["create", "x", "--role", "develop"], "developer"),
            (["create", "x", "--expires", "soon"], "90d"),
            (["create", "x", "--tenant", "acme"], "no tenant"),
            (["create", ""], "characters"),
        ],
    )
    def test_what_cannot_be_is_refused_with_a_hint(self, words: list[str], said: str, tenuto: Tenuto) -> None:
        refused = tenuto("keys", *words)

        assert refused.code == 2
        assert said in refused.err

    def test_looking_leaves_nothing_behind(self, tenuto: Tenuto, project: Path) -> None:
        assert tenuto("keys", "list").code == 2
        assert list(project.iterdir()) == []


class TestUsers:
    def test_a_user_logs_in_with_the_password_from_stdin(
        self, tenuto: Tenuto, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
        made = tenuto("users", "create", "Ada@example.com", "--role", "operator")

        who = logged_in(project, "ada@example.com", "correct horse battery")

        assert made.code == 0
        assert "correct horse" not in made.out + made.err
        assert who.may("runs:write")
        assert not who.may("flows:write")

    @pytest.mark.parametrize("password", ["", "short", "x" * 2_000])
    def test_a_password_has_its_bounds(self, password: str, tenuto: Tenuto, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(password))

        assert tenuto("users", "create", "ada").code == 2

    def test_a_login_is_taken_once(self, tenuto: Tenuto, monkeypatch: pytest.MonkeyPatch) -> None:
        for code in (0, 2):
            monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery"))
            assert tenuto("users", "create", "ada").code == code


class TestAudit:
    def test_it_is_whole_until_somebody_touches_it(self, tenuto: Tenuto, project: Path) -> None:
        tenuto("keys", "create", "one")
        tenuto("keys", "create", "two")
        whole = tenuto("audit", "verify")
        with sqlite3.connect(project / ".tenuto" / "store.db") as database:
            database.execute("UPDATE audit SET subject = 'else' WHERE seq = 1")

        touched = tenuto("audit", "verify")
        said = tenuto("audit", "verify", "--json")

        assert (whole.code, whole.out) == (0, "the audit is whole (entries: 2, anchors: 0)\n")
        assert touched.code == said.code == 1
        assert "default 1: it was changed" in touched.out
        assert said.last["findings"][0]["seq"] == 1


def test_users_are_listed_disabled_and_enabled(tenuto: Tenuto, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("long enough for it"))
    tenuto("users", "add", "ada@example.com", "--role", "developer")

    off = tenuto("users", "disable", "Ada@example.com")
    listed = json.loads(tenuto("users", "list", "--json").out)["items"]
    on = tenuto("users", "enable", listed[0]["id"])
    shown = tenuto("users", "list")
    nobody = tenuto("users", "disable", "bob@example.com")

    assert off.out == "ada@example.com can log in no more\n"
    assert listed[0]["disabled"] is True
    assert on.out == "ada@example.com can log in again\n"
    assert "active" in shown.out
    assert nobody.code != 0
    assert "there is no user `bob@example.com`" in nobody.err
