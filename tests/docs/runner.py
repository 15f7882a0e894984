"""Runs the fenced blocks of a page, in order, in one folder and one namespace.

- `python` is executed. `yaml` that says `flow:` is checked by `tenuto check`; other YAML, JSON and TOML must parse.
- `console` and `sh`: each line after `$ ` is run with the project's commands on PATH; what the page shows below it is
  compared with what is printed. There, `...` stands for anything, and durations, times and ids are not compared.
  A run's name may differ too, and what the page calls `brave-otter-7f3a` from then on means that run.
- `tenuto up` goes on in the background until the page ends, on a port of its own; what the page says of
  `127.0.0.1:8090` from then on means that server.
- `timeout --signal=KILL …` kills its command when all that the page shows of it is printed: seconds differ by machine.
- A comment before a block says more: `<!-- file: nodes/greet.py -->` where to write it; `<!-- exit: 1 -->` with which
  code its last command ends; `<!-- wrong: unknown_node -->` which problem the flow has; `<!-- not run: why -->`.
- Anything else must name a language that is not run (`text`, `mermaid`): a block without a language is an error.
"""

import json
import os
import re
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import yaml

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^( *)```([\w-]*)[^\n]*\n(.*?)^\1```[ ]*$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!-- (file|exit|wrong|not run): (.+?) -->\s*\Z")
SHOWN_ONLY = {"text", "mermaid", "dockerfile", "diff"}
SECONDS_A_COMMAND = 60
ADDRESS = "127.0.0.1:8090"
READY = "ctrl-c stops"
KILLED = re.compile(r"timeout --signal=KILL \d+ (.+)")

NAME = r"[a-z]+-[a-z]+-[0-9a-f]{4}\b"
VOLATILE = [  # what is printed but not compared, the longest first
    (r"\x1b\[[0-9;?]*[a-zA-Z]", ""),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?", "TIME"),
    (r"\b\d\d:\d\d:\d\d(\.\d+)?\b", "TIME"),
    (r"\btna_[\w-]+", "TOKEN"),
    (r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b", "ID"),
    (r"\b\d+(\.\d+)? ?(µs|ms|s|m)\b", "DURATION"),
    (r"\s+", " "),
]


class Mismatch(AssertionError):
    """A block does not do what the page says."""


@dataclass
class Block:
    """One fenced block, and what the comment before it says."""

    page: Path
    line: int
    language: str
    text: str
    notes: dict[str, str]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT) if self.page.is_relative_to(ROOT) else self.page}:{self.line}"


def blocks(page: Path) -> list[Block]:
    source = page.read_text()
    found: list[Block] = []
    for match in FENCE.finditer(source):
        comment = COMMENT.search(source, 0, match.start())
        notes = {comment[1]: comment[2]} if comment else {}
        indent = match[1]
        text = "".join(line.removeprefix(indent) for line in match[3].splitlines(keepends=True))
        line = source.count("\n", 0, match.start()) + 2
        found.append(Block(page, line, match[2], text, notes))
    return found


@dataclass
class Runner:
    """Where a page's blocks run: a folder, the names its Python knows, the run names it has shown."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict[str, str])
    module: ModuleType = field(default_factory=lambda: ModuleType("page"))
    names: dict[str, str] = field(default_factory=dict[str, str])
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])
    address: str = ADDRESS  # where the last of them really listens

    def __post_init__(self) -> None:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TENUTO_", "PYTEST_"))}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        self.env = {**kept, "PATH": path, "COLUMNS": "120", "NO_COLOR": "1", "PYTHONUTF8": "1"}
        self.cwd = self.folder

    def close(self) -> None:
        """End what the page has started."""
        for server in self.servers:
            server.terminate()
            server.wait(SECONDS_A_COMMAND)

    def run(self, block: Block) -> None:
        """Do what its language and its comment ask."""
        if "not run" in block.notes:
            return
        if "file" in block.notes:
            self._write(block.notes["file"], block.text)
        if block.language in SHOWN_ONLY:
            return
        match block.language:
            case "python":
                self._python(block)
            case "console" | "sh" | "bash":
                self._commands(block)
            case "yaml" | "json" | "toml":
                self._document(block)
            case "":
                raise Mismatch(f"{block}: say which language this is, so that it is run, or `text` if it is not")
            case other:
                raise Mismatch(
                    f"{block}: nobody knows how to run `{other}`; a comment `<!-- not run: why -->` may say so"
                )

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def _python(self, block: Block) -> None:
        # Padded, so that a traceback shows the line of the page.
        text = block.text.replace(ADDRESS, self.address)
        code = compile("\n" * (block.line - 1) + text, str(block.page), "exec")
        if "file" not in block.notes:
            sys.modules[self.module.__name__] = self.module  # where pydantic and dataclasses look names up
            exec(code, self.module.__dict__)

    def _document(self, block: Block) -> None:
        load = {"yaml": yaml.safe_load, "json": json.loads, "toml": tomllib.loads}[block.language]
        if block.language == "yaml" and "wrong" in block.notes:
            name = re.search(r"^flow: *([\w-]+)", block.text, re.MULTILINE)
            self._check(block, name[1] if name else "wrong", 2)
            return
        document = load(block.text)
        if isinstance(document, dict) and "flow" in document and "nodes" in document:
            self._check(block, str(document["flow"]), 0)

    def _check(self, block: Block, flow: str, code: int) -> None:
        path = self._write(block.notes.get("file", f"{flow}.yaml"), block.text)
        printed = self._command(block, f"tenuto check {path}", code)
        if block.notes.get("wrong", "") not in printed:
            raise Mismatch(f"{block}: the page says the problem is {block.notes['wrong']}, but it is\n{printed}")

    def _commands(self, block: Block) -> None:
        parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
        if parts[0].strip():
            raise Mismatch(f"{block}: put `$ ` before each command, so that it can be told from its output")
        for index, part in enumerate(parts[1:], 1):
            command, shown = re.fullmatch(r"((?:[^\n]*\\\n)*[^\n]*)\n?(.*)", part, re.DOTALL).groups()  # type: ignore[union-attr]
            code = int(block.notes.get("exit", "0")) if index == len(parts) - 1 else 0
            killed = KILLED.fullmatch(command)
            printed = self._killed(block, killed[1], shown) if killed else self._command(block, command, code)
            self._compare(block, command, shown, printed)

    def _command(self, block: Block, command: str, code: int) -> str:
        for ours, real in {**self.names, ADDRESS: self.address}.items():
            command = command.replace(ours, real)
        if command.startswith("tenuto up"):
            return self._up(block, command)
        if command.startswith("cd "):
            self.cwd = (self.cwd / command[3:].strip()).resolve()
            return ""
        if setting := re.fullmatch(r"export (\w+)=(\S*)", command):
            self.env[setting[1]] = setting[2].strip("'\"")
            return ""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS_A_COMMAND,
        )
        if done.returncode != code:
            raise Mismatch(f"{block}: `{command}` ended with {done.returncode}, not {code}:\n{done.stdout}")
        return done.stdout.replace(self.address, ADDRESS)

    def _up(self, block: Block, command: str) -> str:
        """What the server says until it is ready. Its output goes into a file, so that it never waits for a reader."""
        log = self.folder / f".up-{block.line}.log"
        server = self._spawn(f"{command} --port 0", log)
        self.servers.append(server)
        end = time.monotonic() + SECONDS_A_COMMAND
        while READY not in log.read_text():
            if server.poll() is not None or time.monotonic() > end:
                raise Mismatch(f"{block}: `{command}` does not answer:\n{log.read_text()}")
            time.sleep(0.05)
        printed = log.read_text()
        found = re.search(r"127\.0\.0\.1:\d+", printed)
        assert found is not None
        self.address = found[0]
        return printed.replace(self.address, ADDRESS)

    def _killed(self, block: Block, command: str, shown: str) -> str:
        """What it printed before it was killed: as many lines as the page shows."""
        log = self.folder / f".killed-{block.line}.log"
        process = self._spawn(command, log)
        end = time.monotonic() + SECONDS_A_COMMAND
        while log.read_text().count("\n") < shown.count("\n"):
            if process.poll() is not None or time.monotonic() > end:
                raise Mismatch(f"{block}: `{command}` did not print\n{shown}\nbut\n{log.read_text()}")
            time.sleep(0.02)
        process.kill()
        process.wait()
        return log.read_text()

    def _spawn(self, command: str, log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as out:
            return subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self.cwd,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def _compare(self, block: Block, command: str, shown: str, printed: str) -> None:
        if not shown.strip():
            return
        wanted, met = self._pattern(shown)
        found = re.fullmatch(wanted, _plain(printed))
        if not found:
            raise Mismatch(f"{block}: `{command}` was to print\n{shown}\nbut it printed\n{printed}")
        self.names |= {name: found[f"run{index}"] for index, name in enumerate(met)}

    def _pattern(self, shown: str) -> tuple[str, list[str]]:
        """What the page shows, as a pattern with a group for each run that it names for the first time."""
        pattern = re.escape(_plain(shown)).replace(r"\ ", " ").replace(re.escape("..."), ".*")
        met: list[str] = []
        for name in dict.fromkeys(re.findall(NAME, _plain(shown))):
            escaped = re.escape(name)
            if name in self.names:
                pattern = pattern.replace(escaped, re.escape(self.names[name]))
                continue
            group = f"run{len(met)}"
            met.append(name)
            pattern = pattern.replace(escaped, f"(?P<{group}>{NAME})", 1).replace(escaped, f"(?P={group})")
        return pattern, met


def _plain(text: str) -> str:
    for pattern, word in VOLATILE:
        text = re.sub(pattern, word, text)
    return text.strip()
