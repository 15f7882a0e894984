"""Key files and the administrator's token: made once, for their owner alone, and never a key that can be guessed."""

import stat
import threading
from pathlib import Path

import pytest

from tenuto.service.administrator import Administrator, ensure_token
from tenuto.service.key_files import key_of
from tenuto.service.refusals import Refused


def test_a_key_is_made_once_and_is_for_its_owner(tmp_path: Path) -> None:
    first = key_of(tmp_path / "new" / "jwt.key")

    assert key_of(tmp_path / "new" / "jwt.key") == first
    assert len(first) == 32
    assert stat.S_IMODE((tmp_path / "new" / "jwt.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"", b"secret", b"changeme" * 8, bytes(32), b"a" * 64, b"short but random"])
def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path, content: bytes) -> None:
    """SECURITY 11 and 63: no default, and no switch to go on without."""
    (tmp_path / "jwt.key").write_bytes(content)

    with pytest.raises(Refused) as refused:
        key_of(tmp_path / "jwt.key")

    assert refused.value.code == "insecure"
    assert "move it away" in refused.value.hint


def test_a_token_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("admin\n")

    with pytest.raises(Refused):
        ensure_token(tmp_path)


def test_a_file_that_others_may_read_is_closed(tmp_path: Path) -> None:
    key_of(tmp_path / "jwt.key")
    (tmp_path / "jwt.key").chmod(0o644)

    key_of(tmp_path / "jwt.key")

    assert stat.S_IMODE((tmp_path / "jwt.key").stat().st_mode) == 0o600


def test_fifty_at_once_make_one_administrator(tmp_path: Path) -> None:
    """SECURITY 12."""
    found: list[tuple[str, bool]] = []
    start = threading.Barrier(50)

    def begin() -> None:
        start.wait()
        found.append(ensure_token(tmp_path))

    threads = [threading.Thread(target=begin) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({token for token, _ in found}) == 1
    assert [new for _, new in found].count(True) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["token"]


class TestAdministrator:
    async def test_the_token_proves_it(self, tmp_path: Path) -> None:
        token, new = ensure_token(tmp_path)
        prove = Administrator(tmp_path).prove

        assert new
        assert (await prove(token, 0)) is not None
        for wrong in ("", token[:-1], token + "x", token.upper(), token + "\n", "tna_"):
            assert await prove(wrong, 0) is None

    async def test_another_token_in_the_file_is_the_token(self, tmp_path: Path) -> None:
        old, _ = ensure_token(tmp_path)
        (tmp_path / "token").unlink()
        new, _ = ensure_token(tmp_path)
        prove = Administrator(tmp_path).prove

        assert await prove(old, 0) is None
        assert await prove(new, 0) is not None

    @pytest.mark.parametrize("content", [None, ""])
    async def test_without_a_token_there_is_no_administrator(self, tmp_path: Path, content: str | None) -> None:
        if content is not None:
            (tmp_path / "token").write_text(content)

        assert await Administrator(tmp_path).prove("", 0) is None
