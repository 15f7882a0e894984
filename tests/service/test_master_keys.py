"""Master keys: made once, read from where they are said to be, and refused if they could be guessed."""

import base64
import hashlib
import os
import secrets
import stat
from pathlib import Path

import pytest

from tenuto.service.master_keys import FileKeys, GivenKeys, master_keys
from tenuto.service.refusals import Refused

GOOD = hashlib.sha256(b"as good as random, and the same in every process").digest()


def text(key: bytes) -> str:
    return base64.b64encode(key).decode()


class TestTheFile:
    def test_it_is_made_once_for_its_owner_alone(self, tmp_path: Path) -> None:
        first = master_keys(tmp_path / "data", None).all()
        again = master_keys(tmp_path / "data", None).all()

        assert first == again
        assert len(first) == 1
        assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600

    def test_a_file_that_others_could_read_is_closed(self, tmp_path: Path) -> None:
        master_keys(tmp_path, None)
        (tmp_path / "secret.key").chmod(0o644)

        master_keys(tmp_path, None)

        assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600

    def test_a_new_key_seals_and_the_older_ones_stay_until_they_are_forgotten(self, tmp_path: Path) -> None:
        keys = FileKeys(tmp_path / "secret.key")
        (old,) = keys.all()

        new = keys.add()

        assert keys.all() == [new, old]
        assert new != old
        assert FileKeys(tmp_path / "secret.key").all() == [new, old]
        assert keys.forget_older() == 1
        assert keys.all() == [new]
        assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600

    def test_what_another_process_added_is_noticed(self, tmp_path: Path) -> None:
        ours, theirs = FileKeys(tmp_path / "secret.key"), FileKeys(tmp_path / "secret.key")
        ours.all()

        new = theirs.add()

        assert ours.all()[0] == new


class TestGiven:
    def test_several_are_given_with_the_newest_first(self) -> None:
        one, two = secrets.token_bytes(32), secrets.token_bytes(32)

        keys = GivenKeys(f"{text(one)}, {text(two)}").all()

        assert [key.key for key in keys] == [one, two]

    @pytest.mark.parametrize(
        "bad",
        [
            "changeme",
            "",
            ",",
            text(b"short"),
            text(GOOD[:16]),
            text(GOOD + b"1"),
            text(b"\0" * 32),
            text(b"\1\2\3\4" * 8),
            text(b"correct horse battery staple 123"),
            "not base64 at all, and much too long to be one of them!",
            text(GOOD) + "," + text(b"a" * 32),
        ],
    )
    def test_a_start_with_a_key_that_could_be_guessed_is_refused(self, bad: str, tmp_path: Path) -> None:
        with pytest.raises(Refused) as refused:
            master_keys(tmp_path, bad)

        assert refused.value.code == "insecure"
        assert "openssl rand -base64 32" in refused.value.hint

    def test_a_guessable_key_in_the_file_is_refused_too(self, tmp_path: Path) -> None:
        (tmp_path / "secret.key").write_text(text(b"x" * 32))

        with pytest.raises(Refused, match="can be guessed"):
            master_keys(tmp_path, None)

    def test_no_refusal_and_no_look_shows_a_key(self, tmp_path: Path) -> None:
        good, bad = os.urandom(32), b"correct horse battery staple 123"

        with pytest.raises(Refused) as refused:
            GivenKeys(f"{text(good)},{text(bad)}")

        told = f"{refused.value} {refused.value.hint} {GivenKeys(text(good)).all()}"
        assert text(bad) not in told
        assert bad.decode() not in told
        assert repr(good) not in told
