"""The world outside: a tiny HTTP server in its own process that writes down every call before it answers.

    python sink.py FILE      prints its port, then serves until it is killed

A line of FILE is `key attempt time`; it is on the disk (fsync) before the caller is told.
"""

import asyncio
import os
import sys
import time


async def main(path: str) -> None:
    ledger = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the caller died before it had said anything
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        os.write(ledger, f"{headers['Idempotency-Key']} {headers['Attempt']} {time.time()}\n".encode())
        os.fsync(ledger)
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  how the test learns it
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
