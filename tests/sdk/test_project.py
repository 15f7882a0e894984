"""A project's own nodes are found by reading its files, and imported when they are used."""

import sys
from pathlib import Path

import pytest

from tenuto.sdk import BrokenNode, Registry, UnknownNode
from tenuto.sdk.project import scan

GREET = '''
from tenuto.sdk import node

@node("greet.hello")
def hello(name: str) -> str:
    """Say hello."""
    return f"hello {name}"

@node("greet.goodbye")
def goodbye() -> str:
    """Say goodbye."""
    return "goodbye"
'''


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


class TestFinding:
    def test_a_file_may_hold_several_nodes_and_have_any_name(self, tmp_path: Path) -> None:
        """The names stand in the text."""
        write(tmp_path, "whatever.py", GREET)

        registry = Registry([tmp_path], installed=[])

        assert list(registry) == ["greet.goodbye", "greet.hello"]
        assert registry["greet.hello"].function(name="Ada") == "hello Ada"

    def test_listing_runs_nobodys_code(self, tmp_path: Path) -> None:
        """A file is imported when one of its nodes is asked for."""
        write(tmp_path, "loud.py", "raise SystemError('imported')\n" + GREET)

        registry = Registry([tmp_path], installed=[])

        assert "greet.hello" in registry
        with pytest.raises(BrokenNode, match=r"loud\.py:1: `greet\.hello` does not load: SystemError: imported"):
            registry["greet.hello"]

    @pytest.mark.parametrize(
        "text",
        [
            'from tenuto.sdk import node as n\n@n("a.b")\ndef f(): ...\n',
            'from tenuto import sdk\n@sdk.node("a.b")\ndef f(): ...\n',
            'import tenuto.sdk\n@tenuto.sdk.node("a.b")\nasync def f(): ...\n',
            'import tenuto.sdk as t\n@t.node(name="a.b")\ndef f(): ...\n',
        ],
    )
    def test_the_decorator_may_go_by_another_name(self, tmp_path: Path, text: str) -> None:
        """Imports are read too."""
        assert [found.name for found in scan(write(tmp_path, "some.py", text))] == ["a.b"]

    def test_other_decorators_called_node_are_not_ours(self, tmp_path: Path) -> None:
        """Only what comes from `tenuto.sdk` counts."""
        assert scan(write(tmp_path, "some.py", 'from tree import node\n@node("a.b")\ndef f(): ...\n')) == []

    def test_helpers_and_tests_hold_no_nodes(self, tmp_path: Path) -> None:
        """Files that begin with `_` or `test_` are left alone."""
        write(tmp_path, "_shared.py", GREET)
        write(tmp_path, "test_greet.py", GREET)

        assert list(Registry([tmp_path], installed=[])) == []

    def test_a_single_file_can_be_named(self, tmp_path: Path) -> None:
        """`tenuto.toml` may name files as well as folders."""
        path = write(tmp_path, "_anything.py", GREET)

        assert len(Registry([path], installed=[])) == 2

    def test_a_folder_that_is_not_there_holds_none(self, tmp_path: Path) -> None:
        """Most projects begin without nodes of their own."""
        assert list(Registry([tmp_path / "nodes"], installed=[])) == []

    def test_files_of_a_folder_reach_each_other(self, tmp_path: Path) -> None:
        """`from .helpers import ...`, and nothing is put on `sys.path`."""
        write(tmp_path, "helpers_of_mine.py", "WORD = 'hey'\n")
        write(
            tmp_path,
            "uses.py",
            'from tenuto.sdk import node\nfrom .helpers_of_mine import WORD\n@node("uses.it")\ndef it() -> str:\n    "Use it."\n    return WORD\n',
        )
        before = list(sys.path)

        assert Registry([tmp_path], installed=[])["uses.it"].function() == "hey"
        assert sys.path == before

    def test_files_of_the_same_name_in_two_folders_are_two(self, tmp_path: Path) -> None:
        """Their folder is part of their module's name."""
        for folder in ("one", "two"):
            write(tmp_path / folder, "same.py", GREET.replace("greet.", f"{folder}.").replace("hello {", folder + " {"))

        registry = Registry([tmp_path / "one", tmp_path / "two"], installed=[])

        assert [registry[f"{name}.hello"].function(name="x") for name in ("one", "two")] == ["one x", "two x"]


class TestWhatIsWrong:
    def test_a_decorator_without_a_name_is_not_passed_over(self, tmp_path: Path) -> None:
        """`@node` alone: else the author would be told that there is no such node."""
        path = write(tmp_path, "bare.py", "from tenuto.sdk import node\n\n@node\ndef hello() -> str:\n    return ''\n")

        with pytest.raises(BrokenNode, match="must stand here as text") as broken:
            scan(path)

        assert f"{path}:3" in str(broken.value)

    def test_an_import_from_the_wrong_place_says_the_right_one(self, tmp_path: Path) -> None:
        """`from tenuto import node` is what one writes first."""
        write(tmp_path, "near.py", GREET.replace("from tenuto.sdk", "from tenuto"))

        with pytest.raises(BrokenNode, match=r"from tenuto\.sdk import node"):
            Registry([tmp_path], installed=[])["greet.hello"]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("def node(:\n", "bad.py:1: this is no Python"),
            (
                'NAME = "a.b"\nfrom tenuto.sdk import node\n@node(NAME)\ndef f(): ...\n',
                "bad.py:3: the name of a node must stand here as text",
            ),
            ("x = '\0node'", "bad.py"),
        ],
    )
    def test_a_file_that_cannot_be_read_is_told_and_the_others_work(self, tmp_path: Path, text: str, said: str) -> None:
        """One bad file does not take the good ones along."""
        write(tmp_path, "bad.py", text)
        write(tmp_path, "good.py", GREET)
        registry = Registry([tmp_path], installed=[])

        assert registry["greet.goodbye"].function() == "goodbye"
        assert len(registry.broken) == 1
        assert said in str(registry.broken[0])

    def test_an_unknown_node_mentions_the_file_that_could_not_be_read(self, tmp_path: Path) -> None:
        """It may well be in there."""
        write(tmp_path, "bad.py", "def node(:\n")

        with pytest.raises(
            BrokenNode, match=r"there is no node `slack\.send`, but a file could not be read: .*bad\.py:1"
        ):
            Registry([tmp_path], installed=[])["slack.send"]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (
                "import missing_vendor\n",
                r"slack\.py:1: `greet\.hello` needs the module missing_vendor, which is not installed \(pip install 'missing_vendor'\)",
            ),
            (
                "\nfrom os import nothing_there\n",
                r"slack\.py:2: `greet\.hello` does not load: ImportError: cannot import name 'nothing_there'",
            ),
            ("import json\njson.loads('{')\n", r"slack\.py:2: `greet\.hello` does not load: JSONDecodeError"),
            ("import sys\nsys.exit('bye')\n", r"slack\.py:2: `greet\.hello` does not load: SystemExit: bye"),
            ("from tenuto.sdk import node\n@node('nope')\ndef f(): ...\n", r"slack\.py:2: `nope` is no node name"),
        ],
    )
    def test_an_import_that_fails_is_a_sentence_with_its_line(self, tmp_path: Path, text: str, said: str) -> None:
        """The author's own line, not the one deep in a library."""
        write(tmp_path, "slack.py", text + GREET)

        with pytest.raises(BrokenNode, match=said):
            Registry([tmp_path], installed=[])["greet.hello"]

    def test_a_name_that_is_there_twice_names_both_places(self, tmp_path: Path) -> None:
        """Which one would run must never be a matter of luck; other names are not touched."""
        write(tmp_path, "a.py", GREET)
        write(tmp_path, "b.py", GREET.replace("greet.goodbye", "greet.later"))
        registry = Registry([tmp_path], installed=[])

        with pytest.raises(BrokenNode, match=r"b\.py:5: `greet\.hello` is declared twice, also at .*a\.py:5"):
            registry["greet.hello"]
        assert registry["greet.goodbye"].function() == "goodbye"
        assert len(registry.broken) == 1

    def test_a_name_that_an_installed_package_has_is_refused(self, tmp_path: Path) -> None:
        """The library is not overwritten by accident."""
        write(tmp_path, "mine.py", GREET.replace("greet.hello", "debug.echo"))

        with pytest.raises(BrokenNode, match=r"mine\.py:5: `debug\.echo` is also a node of the package Debug"):
            Registry([tmp_path])["debug.echo"]

    def test_more_nodes_of_an_installed_prefix_are_welcome(self, tmp_path: Path) -> None:
        """Only whole names must be unique."""
        write(tmp_path, "mine.py", GREET.replace("greet.hello", "debug.hello"))

        assert Registry([tmp_path])["debug.hello"].function(name="x") == "hello x"

    def test_an_unknown_name_has_a_hint(self, tmp_path: Path) -> None:
        """The nearest name, of the project or the library."""
        write(tmp_path, "mine.py", GREET)

        with pytest.raises(UnknownNode, match=r"no node `greet\.helo` \(did you mean `greet\.hello`\?\)"):
            Registry([tmp_path])["greet.helo"]
