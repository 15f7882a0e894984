"""A server says why it cannot start, and what is seen of it."""

import socket
from pathlib import Path

import pytest

from tenuto.api.serve import exposed, listener
from tenuto.ports.engine import Refused
from tenuto.settings import Settings


def test_a_port_that_is_taken_is_said_with_a_way_out(tmp_path: Path):
    """Before the directory is touched."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(Refused, match="in use") as refused, listener(Settings(data=tmp_path / "data", port=port)):
            pass

    assert str(port + 1) in refused.value.hint
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)])
def test_who_can_be_reached_from_elsewhere_is_warned(host: str, warned: bool):
    """About TLS first of all."""
    warnings = exposed(Settings(host=host))

    assert any("TLS" in warning for warning in warnings) is warned
