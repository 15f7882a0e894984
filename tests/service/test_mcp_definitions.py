"""MCP servers as they are registered."""

from typing import Any

import pytest

from tenuto.service.mcp_definitions import WrongServer, definition_of, read_server

URL = "https://mcp.example.com"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "either a `command` or a `url`"),
        ({"url": URL, "command": ["a"]}, "either a `command` or a `url`"),
        ({"url": "file:///etc/passwd"}, "http:// or https://"),
        ({"url": URL, "env": {"A": "b"}}, "no `env`"),
        ({"url": URL, "headers": {"A": "b\r\nC: d"}}, "line break"),
        ({"url": URL, "secret": "a b"}, "the name of a secret"),
        ({"url": URL, "args": ["x"]}, "`args` of `a` is none of them"),
        ({"url": URL, "trusted": "yes"}, "true or false"),
        ({"url": URL, "timeout": "1d"}, "at most 600"),
        ({"command": "npx -c evil"}, "a list of texts"),
        ({"command": ["a", ""]}, "a list of texts"),
        ({"command": ["a"], "env": {"LD_PRELOAD": "/tmp/x.so"}}, "other variables"),
        ({"command": ["a"], "env": {"PYTHONPATH": "/tmp"}}, "other variables"),
        ({"command": ["a"], "secrets": {"NODE_OPTIONS": "key"}}, "other variables"),
        ({"command": ["a"], "secrets": {"KEY": "not a name"}}, "names of secrets"),
        ({"command": ["a"], "secret": "key"}, "no `secret`"),
    ],
)
def test_a_wrong_definition_is_a_sentence(table: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongServer, match=said):
        read_server("a", table)


@pytest.mark.parametrize("name", ["", "Tickets", "a/b", "a:b", "a__b", "a b", "x" * 64])
def test_names_fit_into_the_names_of_tools(name: str) -> None:
    with pytest.raises(WrongServer):
        read_server(name, {"url": URL})


@pytest.mark.parametrize(
    "table",
    [
        {"url": URL, "secret": "key", "headers": {"X-A": "b"}, "trusted": True, "timeout": 5.0},
        {"command": ["uvx", "server"], "env": {"LANG": "C"}, "secrets": {"KEY": "key"}},
    ],
)
def test_what_is_stored_is_read_again(table: dict[str, Any]) -> None:
    server = read_server("a", table)

    assert read_server("a", definition_of(server)) == server
