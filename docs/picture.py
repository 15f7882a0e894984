"""Makes the picture of the README: a real session in a pseudo-terminal, drawn as SVG.

    .venv/bin/python docs/picture.py

What is shown was printed by the commands themselves; only the moment of the kill is told beside it.
"""

import os
import pty
import re
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS, LINES = 84, 40
LONGEST = 60  # seconds
TENUTO = Path(sys.executable).with_name("tenuto")
PICTURE = Path(__file__).parent / "assets" / "run.svg"

FLOW = """\
flow: campaign
input: {topics: {type: array, default: [sea, stars, tea, trains]}}
nodes:
  plan: {use: debug.echo, with: {value: "${size(input.topics)} topics"}}
  write:
    use: map
    over: ${input.topics}
    as: topic
    concurrency: 2
    after: [plan]
    nodes:
      draft: {use: debug.sleep, with: {seconds: 1.2}}
      text: {use: debug.echo, after: [draft], with: {value: "On ${topic}"}}
    output: ${text}
  ok: {use: approval, with: {question: "Publish ${size(write)} texts?"}}
  publish: {use: debug.echo, after: [ok.approved], with: {value: "${write.join(', ')}"}}
output: ${publish}
"""


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "campaign.yaml").write_text(FLOW)
        killed = played(folder, ["run", "campaign.yaml", "--name", "brave-otter"], kill_at=b"2/4")
        resumed = played(folder, ["resume"], answers=[(b"[y/n]", b"y\r"), (b"none)", b"\r")])
    finally:
        shutil.rmtree(folder)
    console = Console(record=True, width=COLUMNS, file=Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    console.print(Text.assemble(("$ ", "dim"), ("tenuto run campaign.yaml", "bold")))
    console.print(Text.from_ansi("\n".join(killed)))
    console.print(Text("[the power goes]", "bold red"))
    console.print(Text.assemble(("\n$ ", "dim"), ("tenuto resume", "bold")))
    console.print(Text.from_ansi("\n".join(resumed)))
    PICTURE.parent.mkdir(exist_ok=True)
    console.save_svg(str(PICTURE), title="tenuto", font_aspect_ratio=0.61)


def played(
    folder: Path, arguments: list[str], kill_at: bytes = b"", answers: list[tuple[bytes, bytes]] | None = None
) -> list[str]:
    """The screen that the command leaves, as lines with their colours."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.update(TERM="xterm-256color", COLUMNS=str(COLUMNS), LINES=str(LINES))
        os.execv(TENUTO, [str(TENUTO), *arguments])  # noqa: S606
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    seen = read_until(terminal, kill_at, answers or [])
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return screen(seen.decode(errors="replace"))


def read_until(terminal: int, last: bytes, answers: list[tuple[bytes, bytes]]) -> bytes:
    """What is printed up to `last`, or to the end; questions are answered on the way."""
    seen, asked, end = b"", 0, time.monotonic() + LONGEST
    while time.monotonic() < end and not (last and last in seen):
        if not select.select([terminal], [], [], 0.05)[0]:
            continue
        try:
            seen += os.read(terminal, 65536)
        except OSError:  # the other end is gone
            break
        if answers and answers[0][0] in seen[asked:]:
            asked = len(seen)
            os.write(terminal, answers.pop(0)[1])
    return seen


def screen(printed: str) -> list[str]:
    """What stands on the screen at the end: cursor movements carried out, colours kept."""
    lines, row = [""], 0
    for part in _pieces(printed):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\r":
            continue
        elif part.startswith("\x1b[") and part[-1] == "A":
            row = max(0, row - int(part[2:-1] or 1))
        elif part.startswith("\x1b[") and part[-1] == "K":
            lines[row] = ""
        elif part.startswith("\x1b[") and part[-1] != "m":
            continue
        else:
            lines[row] += part
    return [line for line in lines if line.strip() or line == ""][: len(lines)]


def _pieces(printed: str) -> list[str]:
    return re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", printed)


if __name__ == "__main__":
    main()
