"""A mail server, as the secret `smtp_url` names it, and a connection to it that goes where it was allowed to go."""

import smtplib
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from tenuto.nodes.email.line import SECONDS, Line
from tenuto.sdk import NodeError

MAIL_PORTS: Final = frozenset({25, 465, 587, 2525})
_PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(slots=True, frozen=True)
class Server:
    """`secure`: TLS from the start; else it is begun before anything is said that matters."""

    host: str
    port: int
    secure: bool
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @contextmanager
    def connected(self, addresses: list[str], line: Line) -> Generator[smtplib.SMTP]:
        """Logged in, if there is somebody to log in. Never sends a password in the open."""
        smtp = _Secure(self, addresses, line) if self.secure else _Plain(self, addresses, line)
        try:
            smtp.ehlo()
            if not self.secure and (self.user or smtp.has_extn("starttls")):
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            if self.user:
                smtp.login(self.user, self.password)
            yield smtp
            with suppress(smtplib.SMTPException, OSError):  # it has the mail: however it says goodbye
                smtp.quit()
        finally:
            smtp.close()


def server_of(url: str) -> Server:
    """`NodeError` of type `secret` if the URL is none; it says nothing of its content."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or _PORTS[parts.scheme]
        host = parts.hostname or ""
    except (ValueError, KeyError):
        raise _malformed() from None
    if not host or parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise _malformed()
    return Server(host, port, parts.scheme == "smtps", unquote(parts.username or ""), unquote(parts.password or ""))


def _malformed() -> NodeError:
    said = (
        "the secret `smtp_url` is no mail server: write smtps://user:password@mail.example.com, or smtp:// for STARTTLS"
    )
    return NodeError(said, type="secret", retry=False)


class _Plain(smtplib.SMTP):
    """Connects to the addresses that were looked up and allowed, and never looks the name up again."""

    def __init__(self, server: Server, addresses: list[str], line: Line) -> None:
        self._addresses = addresses
        self._line = line
        super().__init__(server.host, server.port, timeout=SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # the seam of `smtplib` for this
        del host
        return _connected(self._addresses, port, timeout)

    def send(self, s: Any) -> None:  # whatever is said
        self._line.sent(s)
        super().send(s)


class _Secure(smtplib.SMTP_SSL):
    def __init__(self, server: Server, addresses: list[str], line: Line) -> None:
        self._addresses = addresses
        self._line = line
        self._name = server.host
        super().__init__(server.host, server.port, timeout=SECONDS, context=ssl.create_default_context())

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        del host
        plain = _connected(self._addresses, port, timeout)
        return ssl.create_default_context().wrap_socket(plain, server_hostname=self._name)

    def send(self, s: Any) -> None:  # as above
        self._line.sent(s)
        super().send(s)


def _connected(addresses: list[str], port: int, timeout: float) -> socket.socket:
    for address in addresses[:-1]:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError:
            continue
    return socket.create_connection((addresses[-1], port), timeout)
