"""`make node`: what it writes works at once, and it writes over nothing."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tenuto.sdk import scaffold
from tenuto.sdk.scaffold import Refused, main

ROOT = Path(__file__).parents[2]


def run_tests(folder: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, paths)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


class TestInAProject:
    def test_the_node_and_its_test_are_written_and_pass(self, tmp_path: Path) -> None:
        """A working example, to be changed into what is wanted."""
        written = scaffold.scaffold("slack.send_message", tmp_path)

        assert written == [tmp_path / "nodes/slack_send_message.py", tmp_path / "tests/test_slack_send_message.py"]
        done = run_tests(tmp_path, written[1])
        assert done.returncode == 0, done.stdout + done.stderr
        assert "2 passed" in done.stdout

    def test_what_is_written_is_clean(self, tmp_path: Path) -> None:
        """The linter of the house has nothing to say, except that a test of one's own has its own rules."""
        scaffold.scaffold("shop.import", tmp_path)

        checked = subprocess.run(
            [
                sys.executable,
                "-m",
                "ruff",
                "check",
                "--config",
                str(ROOT / "pyproject.toml"),
                str(tmp_path / "nodes"),
                "--ignore",
                "INP001",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        formatted = subprocess.run(
            [
                sys.executable,
                "-m",
                "ruff",
                "format",
                "--check",
                "--config",
                str(ROOT / "pyproject.toml"),
                str(tmp_path),
            ],
            capture_output=True,
            text=True,
            check=False,
        )

        assert (checked.returncode, formatted.returncode) == (0, 0), checked.stdout + formatted.stdout

    @pytest.mark.parametrize("existing", ["nodes/slack_send_message.py", "tests/test_slack_send_message.py"])
    def test_nothing_is_written_over(self, tmp_path: Path, existing: str) -> None:
        """Neither of the two files is written if one is there."""
        (tmp_path / existing).parent.mkdir()
        (tmp_path / existing).write_text("mine")

        with pytest.raises(Refused, match="is already there; nothing was written"):
            scaffold.scaffold("slack.send_message", tmp_path)

        assert [path.read_text() for path in tmp_path.rglob("*.py")] == ["mine"]

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("slack", "write it like `slack.send_message`"),
            ("Slack.SendMessage", "did you mean `slack.send_message`?"),
            ("slack.send-message", "did you mean `slack.send_message`?"),
            ("slack/send", "did you mean `slack.send`?"),
            ("../../etc", "write it like"),
            ("", "write it like"),
            ("1.2", "write it like"),
        ],
    )
    def test_a_name_that_is_none_is_refused_with_a_hint(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, hint: str
    ) -> None:
        """One line on stderr, exit code 2, nothing written."""
        assert main([name, "--into", str(tmp_path)]) == 2

        told = capsys.readouterr()
        assert hint in told.err
        assert told.out == ""
        assert list(tmp_path.iterdir()) == []

    def test_the_command_says_what_it_wrote(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A line a file."""
        assert main(["slack.send", "--into", str(tmp_path)]) == 0

        assert capsys.readouterr().out.splitlines() == [
            f"wrote {tmp_path}/nodes/slack_send.py",
            f"wrote {tmp_path}/tests/test_slack_send.py",
        ]

    def test_a_place_that_cannot_be_written_is_a_sentence(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """No traceback."""
        (tmp_path / "nodes").write_text("a file")

        assert main(["slack.send", "--into", str(tmp_path)]) == 2
        assert "cannot be written" in capsys.readouterr().err


class TestInTheLibrary:
    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        """As much of the repository as the scaffold looks at."""
        shutil.copytree(ROOT / "src/tenuto/nodes/debug", tmp_path / "src/tenuto/nodes/debug")
        shutil.copy(ROOT / "pyproject.toml", tmp_path)
        return tmp_path

    def test_a_new_package_gets_its_card_and_its_entry_point(self, repository: Path) -> None:
        """Four places, one command."""
        scaffold.scaffold("slack.send_message.v2", repository)

        package = repository / "src/tenuto/nodes/slack"
        assert 'nodes=["slack.send_message.v2"]' in (package / "__init__.py").read_text()
        assert (
            '@node("slack.send_message.v2")\nasync def send_message_v2(' in (package / "send_message_v2.py").read_text()
        )
        assert (repository / "tests/nodes/test_slack_send_message_v2.py").exists()
        declared = tomllib.loads((repository / "pyproject.toml").read_text())["project"]["entry-points"]["tenuto.nodes"]
        assert declared["slack"] == "tenuto.nodes.slack"
        assert declared["debug"] == "tenuto.nodes.debug"

    def test_a_package_that_is_there_gets_another_line_on_its_card(self, repository: Path) -> None:
        """In order, and the rest of the card as it was."""
        before = (repository / "pyproject.toml").read_text()

        scaffold.scaffold("debug.again", repository)

        card = (repository / "src/tenuto/nodes/debug/__init__.py").read_text()
        assert 'nodes=["debug.again", "debug.echo", "debug.fail", "debug.sleep"]' in card
        assert 'title="Debug"' in card
        assert (repository / "pyproject.toml").read_text() == before

    def test_a_card_that_cannot_be_changed_is_told(self, repository: Path) -> None:
        """What is left to do by hand is said."""
        (repository / "src/tenuto/nodes/debug/__init__.py").write_text("PACKAGE = make()\n")

        with pytest.raises(Refused, match=r"add `debug\.again` by hand"):
            scaffold.scaffold("debug.again", repository)
