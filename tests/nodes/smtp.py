"""A mail server of our own on a random port: it speaks SMTP, keeps what it is given, and misbehaves where a test says so."""

import asyncio
import base64
import threading
from typing import Self


class MailServer:
    """`refuse`: recipients that it does not take. `answers`: what it says to a command instead of what is usual; None: it hangs up."""

    def __init__(self, *, refuse: tuple[str, ...] = (), answers: dict[str, str | None] | None = None) -> None:
        self.mails: list[tuple[list[str], bytes]] = []
        self.said: list[str] = []
        self.port = 0
        self._refuse = refuse
        self._answers = answers or {}
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(5)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipients: list[str] = []
        writer.write(b"220 mail.example.com\r\n")
        while line := (await reader.readline()).decode():
            self.said.append(line.strip())
            verb = line.split(" ")[0].strip().upper()
            answer = self._answers.get(verb, self._usual(verb, line, recipients))
            if answer is None:
                break
            writer.write(answer.encode() + b"\r\n")
            if verb == "DATA" and answer.startswith("354"):
                content = await reader.readuntil(b"\r\n.\r\n")
                end = self._answers.get("END", "250 taken")
                if end is None:
                    break
                if end.startswith("250"):
                    self.mails.append((list(recipients), content))
                writer.write(end.encode() + b"\r\n")
            if verb == "QUIT":
                break
        writer.close()

    def _usual(self, verb: str, line: str, recipients: list[str]) -> str:
        if verb == "EHLO":
            return "250-mail.example.com\r\n250 SIZE 30000000"
        if verb == "RCPT":
            address = line.partition("<")[2].partition(">")[0]
            if address in self._refuse:
                return "550 nobody of that name"
            recipients.append(address)
        return "354 go on" if verb == "DATA" else "221 bye" if verb == "QUIT" else "250 ok"


def decoded(content: bytes) -> str:
    """The mail with its base64 parts read, for looking."""
    text = content.decode()
    for part in text.split("\r\n\r\n"):
        try:
            text += base64.b64decode(part, validate=True).decode()
        except ValueError:
            continue
    return text
