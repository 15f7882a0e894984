"""The library: cards are read first, nodes are imported when they are asked for, and every error is a sentence."""

import sys
from pathlib import Path

import pytest

from tenuto.sdk import BrokenNode, NodeError, Registry, UnknownNode, library
from tenuto.sdk.entry_points import EntryPoint

BUILT_IN = [
    "agent",
    "debug.echo",
    "debug.fail",
    "debug.sleep",
    "http.request",
    "id.uuid",
    "template.render",
    "time.now",
]
CARD = 'from tenuto.sdk import Package\nPACKAGE = Package(title="Chat", nodes=["chat.send", "chat.send.v2"], install="chat-nodes[chat]")\n'
SEND = 'from tenuto.sdk import node\n@node("chat.send", ports=("sent", "held"), effects="once")\ndef send(text: str) -> str:\n    "Send."\n    return text\n'


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of nodes that somebody installed."""
    folder = tmp_path / f"chat_{tmp_path.name.replace('-', '_')}"
    folder.mkdir()
    (folder / "__init__.py").write_text(CARD)
    (folder / "send.py").write_text(SEND)
    (folder / "send_v2.py").write_text(SEND.replace('"chat.send"', '"chat.send.v2"'))
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def registry_of(folder: Path, name: str = "chat") -> Registry:
    return Registry(installed=[EntryPoint(name, folder.name, "chat-nodes")])


class TestTheLibrary:
    def test_it_has_the_built_in_nodes(self) -> None:
        """They come through the entry points, like anybody's."""
        assert set(BUILT_IN) <= set(Registry())

    def test_cards_are_read_without_importing_nodes(self, installed: Path) -> None:
        """A list of a hundred packages must stay quick."""
        cards = registry_of(installed).cards()

        assert [(card.name, card.title) for card in cards] == [("chat", "Chat")]
        assert f"{installed.name}.send" not in sys.modules

    def test_a_node_is_imported_when_it_is_asked_for(self, installed: Path) -> None:
        """And the same definition is given every time."""
        registry = registry_of(installed)

        assert registry["chat.send"].ports == ("sent", "held")
        assert registry["chat.send"] is registry["chat.send"]
        assert f"{installed.name}.send" in sys.modules

    def test_a_new_version_is_a_new_node(self, installed: Path) -> None:
        """Dots after the package become underscores in the module's name."""
        assert registry_of(installed)["chat.send.v2"].name == "chat.send.v2"

    def test_an_unknown_name_is_a_key_error_with_a_hint(self) -> None:
        """A registry is an ordinary mapping."""
        with pytest.raises(UnknownNode, match=r"no node `http\.requst` \(did you mean `http\.request`\?\)"):
            Registry()["http.requst"]
        with pytest.raises(KeyError):
            Registry()["nothing.like.it"]
        assert "map" not in Registry()

    def test_a_name_without_anything_near_says_where_to_look(self) -> None:
        """An error says what to do next."""
        with pytest.raises(UnknownNode, match=r"\(`tenuto nodes` lists them\)"):
            Registry()["zzz.qqq"]


class TestWhatIsWrong:
    def test_two_packages_of_one_name(self, installed: Path) -> None:
        """Both distributions are named."""
        entries = [EntryPoint("chat", installed.name, "chat-nodes"), EntryPoint("chat", "other", "other-nodes")]

        with pytest.raises(BrokenNode, match=r"two packages claim the nodes `chat\.\*`: chat-nodes and other-nodes"):
            Registry(installed=entries)["chat.send"]
        assert list(Registry(installed=[*entries, EntryPoint("time", "tenuto.nodes.time", "tenuto")])) == ["time.now"]

    def test_a_card_that_does_not_load_leaves_the_others_alone(self, installed: Path) -> None:
        """It is told, and the rest is listed."""
        (installed / "__init__.py").write_text("import not_there_at_all\n")
        registry = Registry(
            installed=[
                EntryPoint("chat", installed.name, "chat-nodes"),
                EntryPoint("debug", "tenuto.nodes.debug", "tenuto"),
            ]
        )

        assert list(registry) == ["debug.echo", "debug.fail", "debug.sleep"]
        assert "the package `chat` of chat-nodes needs the module not_there_at_all" in str(registry.broken[0])

    def test_a_missing_extra_prints_its_install_line(self, installed: Path) -> None:
        """As the card says it."""
        (installed / "send.py").write_text("import vendor_sdk_not_installed\n" + SEND)

        with pytest.raises(BrokenNode) as caught:
            registry_of(installed)["chat.send"]

        assert "`chat.send` needs the module vendor_sdk_not_installed, which is not installed" in str(caught.value)
        assert caught.value.hint == "pip install 'chat-nodes[chat]'"
        assert caught.value.where.endswith("send.py:1")

    @pytest.mark.parametrize(
        ("file", "text", "said"),
        [
            ("__init__.py", "PACKAGE = 3\n", "the card is missing"),
            (
                "__init__.py",
                CARD.replace("chat.send.v2", "talk.send"),
                r"`talk\.send` cannot be a node of the package `chat`",
            ),
            ("send.py", "", r"the card names `chat\.send`, which this file does not declare"),
            ("send.py", "def (:", r"send\.py:1: `chat\.send` does not load: SyntaxError"),
        ],
    )
    def test_a_card_or_a_file_that_is_not_as_it_should_be(
        self, installed: Path, file: str, text: str, said: str
    ) -> None:
        """Where, what, and what to do."""
        (installed / file).write_text(text)

        with pytest.raises(BrokenNode, match=said):
            registry_of(installed)["chat.send"]

    def test_a_node_that_the_card_names_and_nobody_wrote(self, installed: Path) -> None:
        """The module's name is said, so that the file can be made."""
        (installed / "send_v2.py").unlink()

        with pytest.raises(
            BrokenNode, match=r"`chat\.send\.v2` should be in the module chat_.*\.send_v2, which is not there"
        ):
            registry_of(installed)["chat.send.v2"]


class TestTheViewOfTheHeart:
    def test_it_gives_the_node_types(self) -> None:
        """All that a checker needs, and no code."""
        found = library(Registry())["http.request"]

        assert (found.name, found.ports, found.effects) == ("http.request", ("done",), "idempotent")
        assert found.input_schema is not None
        assert found.input_schema["additionalProperties"] is False
        assert found.output_schema is not None
        assert found.description.startswith("Ask a web service.")

    def test_it_is_a_mapping_over_the_same_names(self) -> None:
        """Hints are made from them."""
        registry = Registry()
        view = library(registry)

        assert list(view) == list(registry)
        assert len(view) == len(registry)
        assert "debug.echo" in view
        assert view.get("debug.nothing") is None

    def test_a_broken_node_is_there_without_schemas_and_told(self, installed: Path) -> None:
        """Checking a document never raises for what an author of nodes did."""
        (installed / "send.py").write_text("1 / 0\n")
        view = library(registry_of(installed))

        assert view["chat.send"].input_schema is None
        assert "ZeroDivisionError" in str(view.broken["chat.send"])


BARE = '''
from typing import Any
from tenuto.sdk import node

@node("chat", open_form=True)
def chat(text: str, loud: bool = False, **more: Any) -> dict[str, Any]:
    """Say it, and more."""
    return {"text": text, **more}
'''


class TestABareName:
    def test_a_package_may_have_one_node_of_its_own_name(self, installed: Path) -> None:
        """`agent` is the node that its package is named after."""
        (installed / "__init__.py").write_text(CARD.replace('"chat.send"', '"chat", "chat.send"'))
        (installed / "chat.py").write_text(BARE)
        registry = registry_of(installed)

        assert registry["chat"].name == "chat"
        assert registry["chat.send"].name == "chat.send"

    def test_an_open_form_hands_on_what_it_does_not_name(self, installed: Path) -> None:
        """Only `ctx` is nobody's to give."""
        (installed / "__init__.py").write_text(CARD.replace('"chat.send"', '"chat", "chat.send"'))
        (installed / "chat.py").write_text(BARE)
        node = registry_of(installed)["chat"]

        assert node.input_schema["additionalProperties"] is True
        assert node.bind({"text": "a", "tone": ["b"]}) == {"text": "a", "tone": ["b"]}
        with pytest.raises(NodeError, match="`ctx` is no input"):
            node.bind({"text": "a", "ctx": 1})
