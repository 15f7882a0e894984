"""What a command says when the system refuses something: what, where, and what to do next."""

import errno
import os

import pytest

from tenuto.cli.failures import FAILED, exit_code


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.ENOENT])
def test_a_file_that_cannot_be_had_is_named_with_what_to_do(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Two lines, and the exit code of what is not the caller's fault."""
    code = exit_code(OSError(number, os.strerror(number), "data/store.db"))

    first, hint = capsys.readouterr().err.splitlines()
    assert code == FAILED
    assert first == f"error: data/store.db: {os.strerror(number)}"
    assert hint.strip()
