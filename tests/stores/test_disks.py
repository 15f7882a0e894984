"""R28: a data directory on a network file system is warned of."""

from pathlib import Path

import pytest

from tenuto.stores.journal_sqlite.disks import warning_about

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/export /mnt/share nfs4 rw 0 0
/dev/sdb1 /mnt/share/local ext4 rw 0 0
//host/c /mnt/win\\040dows cifs rw 0 0
sshfs /mnt/far fuse.sshfs rw 0 0
/dev/sda2 /mnt/twice ext4 rw 0 0
fs-1.efs:/ /mnt/twice nfs4 rw 0 0
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    path = tmp_path / "mounts"
    path.write_text(MOUNTS)
    return path


@pytest.mark.parametrize("place", ["/mnt/share", "/mnt/share/data", "/mnt/win dows/data", "/mnt/far/x", "/mnt/twice/a"])
def test_network_file_systems_are_warned_of(mounts: Path, place: str):
    """By the innermost mount; of two mounts at one place, the later one counts."""
    warning = warning_about(Path(place), mounts)

    assert warning is not None
    assert place in warning
    assert "network file system" in warning


@pytest.mark.parametrize("place", ["/", "/var/lib", "/mnt/share/local/data", "/mnt/shared"])
def test_local_disks_are_not(mounts: Path, place: str):
    """A local disk below a network mount is local, and names that only begin alike are other places."""
    assert warning_about(Path(place), mounts) is None


def test_where_the_system_does_not_tell_nothing_is_said(tmp_path: Path):
    """Other systems have no list of mounts."""
    assert warning_about(Path("/"), tmp_path / "absent") is None
