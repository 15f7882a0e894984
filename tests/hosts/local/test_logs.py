"""`ctx.log`: bounded, kept for each run beside the journal, and never a reason for a run to fail."""

from pathlib import Path

from tenuto.hosts.local.logs import Logs


async def test_lines_are_kept_in_order_and_read_back(tmp_path: Path) -> None:
    logs = Logs(tmp_path / "logs", 100)
    for number in range(5):
        logs.add("r", {"text": f"line {number} ü \ud800"})

    lines = await logs.read("r")

    assert [line["text"][:6] for line in lines] == [f"line {number}" for number in range(5)]


async def test_only_the_last_lines_are_kept_and_the_file_stays_small(tmp_path: Path) -> None:
    logs = Logs(tmp_path, 10)
    for batch in range(10):
        for number in range(10):
            logs.add("r", {"text": batch * 10 + number})
        await logs.flush()

    lines = await logs.read("r")

    assert [line["text"] for line in lines] == list(range(90, 100))
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) <= 20


async def test_another_process_goes_on_where_the_last_one_stopped(tmp_path: Path) -> None:
    for number in range(3):
        logs = Logs(tmp_path, 2)
        logs.add("r", {"text": number})
        await logs.close()

    assert [line["text"] for line in await Logs(tmp_path, 2).read("r")] == [1, 2]


async def test_a_long_line_is_cut() -> None:
    logs = Logs(None, 10)
    logs.add("r", {"text": "x" * 100_000, "fields": {"y": "z" * 100_000}})

    (line,) = await logs.read("r")

    assert len(line["text"]) < 4_000


async def test_a_line_that_was_torn_is_left_out(tmp_path: Path) -> None:
    logs = Logs(tmp_path, 10)
    logs.add("r", {"text": "whole"})
    await logs.flush()
    with (tmp_path / "r.jsonl").open("a") as file:
        file.write('{"text": "to')

    assert [line["text"] for line in await logs.read("r")] == ["whole"]


async def test_a_disk_that_takes_no_lines_fails_nobody(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    logs = Logs(tmp_path / "logs", 10)
    logs.add("r", {"text": "lost"})
    await logs.flush()

    await logs.delete("r")


async def test_a_line_that_was_cut_short_costs_no_other_but_the_next(tmp_path: Path) -> None:
    """A crash in the middle of a line (or of a letter), and a process that is in the middle of one now."""
    whole, torn = b'{"text": "whole"}\n', '{"text": "ü'.encode()[:-1]
    (tmp_path / "r.jsonl").write_bytes(whole + torn + whole + whole + torn)

    lines = await Logs(tmp_path, 100).read("r")

    assert [line["text"] for line in lines] == ["whole", "whole"]


async def test_lines_are_for_their_owner_alone(tmp_path: Path) -> None:
    """A node may say in them what it was given."""
    logs = Logs(tmp_path / "logs", 10)
    logs.add("r", {"text": "said"})

    await logs.flush()

    assert (tmp_path / "logs").stat().st_mode & 0o077 == 0
