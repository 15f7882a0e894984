"""Every block of the README and the docs does what it says."""

from contextlib import closing
from pathlib import Path

import pytest

from docs.runner import ROOT, Mismatch, Runner, blocks

DATABASE = "postgresql://tenuto@db.example/tenuto"  # on a page, a real one stands for it
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_a_page_does_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    with closing(Runner(tmp_path)) as runner:
        if DATABASE in page.read_text():
            runner.names[DATABASE] = request.getfixturevalue("postgres_url")
        for block in blocks(page):
            runner.run(block)


class TestTheRunner:
    """It notices when a page is wrong."""

    def test_python_shares_names_from_block_to_block(self, tmp_path: Path):
        _run(tmp_path, "```python\nx = 1\n```\nand\n```python\nassert x == 1\n```\n")

    def test_a_false_assertion_is_noticed(self, tmp_path: Path):
        with pytest.raises(AssertionError):
            _run(tmp_path, "```python\nassert 1 == 2\n```\n")

    def test_output_is_compared_but_for_what_differs_each_time(self, tmp_path: Path):
        _run(tmp_path, "```console\n$ echo 'done in 12ms at 10:11:12'\ndone in 3ms at 01:02:03\n```\n")

    def test_other_output_is_noticed(self, tmp_path: Path):
        with pytest.raises(Mismatch, match=r"page\.md:2: `echo a` was to print\nb"):
            _run(tmp_path, "```console\n$ echo a\nb\n```\n")

    def test_dots_stand_for_anything(self, tmp_path: Path):
        _run(tmp_path, "```console\n$ printf 'a\\nb\\nc\\n'\na\n...\nc\n```\n")

    def test_an_exit_code_is_compared(self, tmp_path: Path):
        _run(tmp_path, "<!-- exit: 3 -->\n```console\n$ exit 3\n```\n")

        with pytest.raises(Mismatch, match="ended with 3, not 0"):
            _run(tmp_path, "```console\n$ exit 3\n```\n")

    def test_a_run_keeps_the_name_that_the_page_gave_it(self, tmp_path: Path):
        page = "$ echo started bold-wren-00ff\nstarted brave-otter-7f3a\n$ echo brave-otter-7f3a\nbrave-otter-7f3a\n"

        _run(tmp_path, f"```console\n{page}```\n")

        with pytest.raises(Mismatch):
            _run(tmp_path, f"```console\n{page.replace('$ echo brave-otter-7f3a', '$ echo calm-fox-0001')}```\n")

    def test_a_server_answers_where_the_page_says_and_ends_with_it(self, tmp_path: Path):
        page = "$ tenuto up\n...http://127.0.0.1:8090...\n$ curl -s http://127.0.0.1:8090/health/live\n"

        _run(tmp_path, f'```console\n{page}{{"status":"ok","checks":{{"process":"ok"}}}}\n```\n')

        assert not (tmp_path / ".tenuto" / "control.sock").exists()

    def test_a_server_that_does_not_start_is_noticed(self, tmp_path: Path):
        with pytest.raises(Mismatch, match="does not answer"):
            _run(tmp_path, "```console\n$ tenuto up --flows nowhere\n```\n")

    def test_a_command_is_killed_when_it_has_printed_what_the_page_shows(self, tmp_path: Path):
        _run(tmp_path, "```console\n$ timeout --signal=KILL 3 bash -c 'echo a; sleep 5; touch b'\na\n```\n")

        assert not (tmp_path / "b").exists()

    def test_files_are_written_where_the_page_says(self, tmp_path: Path):
        _run(tmp_path, "<!-- file: a/b.txt -->\n```text\nhello\n```\n```console\n$ cat a/b.txt\nhello\n```\n")

    def test_a_document_that_does_not_parse_is_noticed(self, tmp_path: Path):
        with pytest.raises(ValueError, match="Expecting"):
            _run(tmp_path, "```json\n{a}\n```\n")

    def test_a_wrong_flow_is_noticed(self, tmp_path: Path):
        flow = "flow: x\nnodes:\n  a: {use: no.such_node}\n"

        with pytest.raises(Mismatch, match="ended with 2, not 0"):
            _run(tmp_path, f"```yaml\n{flow}```\n")

    def test_a_block_without_a_language_is_refused(self, tmp_path: Path):
        with pytest.raises(Mismatch, match="say which language"):
            _run(tmp_path, "```\nls\n```\n")

    def test_a_block_that_says_why_is_not_run(self, tmp_path: Path):
        _run(tmp_path, "<!-- not run: it takes a minute -->\n```console\n$ exit 1\n```\n")


def _run(folder: Path, page: str) -> None:
    path = folder / "page.md"
    path.write_text(page)
    with closing(Runner(folder)) as runner:
        for block in blocks(path):
            runner.run(block)
