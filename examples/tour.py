"""A small tour: five flows run in this terminal, one of them is killed on the way and goes on, one asks and is answered.

    .venv/bin/python examples/tour.py

Everything it shows is a command that you can type; each is printed before it runs. It works in a directory of its own
and leaves nothing behind.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLES = Path(__file__).parent
TENUTO = Path(sys.executable).with_name("tenuto")

COLOURS = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def main() -> int:
    """The whole tour; 0 if every stop went as it should."""
    with tempfile.TemporaryDirectory(prefix="tenuto-tour-") as data:
        os.environ["TENUTO_DATA"] = data
        say("")
        say("Tenuto: agent workflows that hold.", "1")
        say("A tour of four stops. What you see are the commands themselves.")
        stops = (hello, branch_and_retry, pull_the_plug, ask_a_person)
        failed = [stop.__name__ for stop in stops if not stop()]
    say("")
    if failed:
        say(f"This did not go as it should: {', '.join(failed)}", "31")
        return 1
    what_next()
    return 0


def hello() -> bool:
    title("1", "A flow is a small file", "examples/hello.yaml: one node, one input")
    return tenuto("run", example("hello"), "-i", "name=you") == 0


def branch_and_retry() -> bool:
    title("2", "Things go wrong, and the flow says what then", "three attempts, then another way: examples/retry.yaml")
    return tenuto("run", example("retry")) == 0


def pull_the_plug() -> bool:
    title("3", "Pull the plug", "the process is killed while it writes (SIGKILL); what was recorded is not done again")
    kill_on_the_way("run", example("durable"), "-i", "pause=2", "--name", "tea-book")
    say("\nkilled.", "31")
    return tenuto("resume", "tea-book") == 0


def ask_a_person() -> bool:
    title("4", "A person decides", "the run waits; another terminal answers. examples/approval.yaml")
    run = start("run", example("approval"), "--name", "teatime", stdin=subprocess.DEVNULL)
    until_it_runs(run)
    time.sleep(2)  # long enough to be read
    answered = tenuto(
        "runs", "signal", "teatime", "ok", "--approve", "--form", '{"length": 3}', "--comment", "go ahead"
    )
    return answered == 0 and run.wait(30) == 0


def what_next() -> None:
    say("That was it. What to try now:", "1")
    rows = (
        ("tenuto run examples/approval.yaml", "and answer yourself"),
        ("tenuto run examples/own-node.yaml", "a node in five lines of Python: examples/nodes/"),
        ("tenuto runs list", "what has run here"),
        ("tenuto runs fork NAME --at NODE", "go back to a point, change something, go on from there"),
        ("tenuto nodes", "what flows are made of"),
        ("tenuto --help", "everything else"),
    )
    for command, why in rows:
        sys.stdout.write(f"  {painted(command.ljust(36), '36')} {why}\n")
    say("\nThe command is .venv/bin/tenuto; put .venv/bin on your PATH, or `source .venv/bin/activate`.", "2")


# --- how commands are run


def tenuto(*words: str) -> int:
    return start(*words).wait(60)


def start(*words: str, stdin: int | None = None) -> "subprocess.Popen[bytes]":
    """Print a command and start it."""
    shown = " ".join(quoted(word) for word in words).replace(str(EXAMPLES), "examples")
    say("")
    say(f"$ tenuto {shown}", "36")
    return subprocess.Popen([TENUTO, *words], stdin=stdin)  # noqa: S603  our own command


def kill_on_the_way(*words: str) -> None:
    """Kill it when its first nodes are recorded, and another is on its way."""
    run = start(*words)
    until_it_runs(run)
    time.sleep(1.3)
    run.send_signal(signal.SIGKILL)
    run.wait()
    if sys.stdout.isatty():
        sys.stdout.write("\x1b[?25h")  # it had no time to give the cursor back


def until_it_runs(run: "subprocess.Popen[bytes]") -> None:
    """The process that owns a data directory answers at a socket there, from the moment when it drives runs."""
    socket = Path(os.environ["TENUTO_DATA"]) / "control.sock"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and run.poll() is None and not socket.exists():
        time.sleep(0.05)


def example(name: str) -> str:
    return str(EXAMPLES / f"{name}.yaml")


def title(number: str, text: str, more: str) -> None:
    say("")
    say("─" * 78 if COLOURS else "-" * 78, "2")
    say(f"{number}. {text}", "1")
    say(f"   {more}", "2")
    sys.stdout.flush()


def quoted(word: str) -> str:
    return f"'{word}'" if any(char in word for char in ' {"') else word


def say(text: str, style: str = "") -> None:
    sys.stdout.write(painted(text, style) + "\n")
    sys.stdout.flush()


def painted(text: str, style: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if COLOURS and style else text


if __name__ == "__main__":
    sys.exit(main())
