"""The command line: the use cases of `service` as commands.

Start-up is part of the work: every module imports what it needs where it needs it, and rich only for a terminal.
Exit codes: 0 succeeded, 1 failed, 2 bad input, 3 waiting (with --no-wait), 130 interrupted, 141 nobody
reads any more what it says (`| head`).
"""

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command line; its exit code."""
    from tenuto.cli.app import carry_out

    return carry_out(argv)
