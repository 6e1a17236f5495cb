"""A mail server that takes everything and keeps only how much: `python -m bench.sink PORT`, until it is ended. It says
OK at once, so that what is measured is the client."""

import asyncio
import sys


class Session(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.waiting = b""
        self.in_data = False
        transport.write(b"220 sink\r\n")  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while True:
            end = b"\r\n.\r\n" if self.in_data else b"\r\n"
            head, found, rest = self.waiting.partition(end)
            if not found:
                return
            self.waiting = rest
            self.answer(head)

    def answer(self, line: bytes) -> None:
        if self.in_data:
            self.in_data = False
            said = b"250 taken\r\n"
        elif line[:4].upper() == b"DATA":
            self.in_data = True
            said = b"354 go on\r\n"
        elif line[:4].upper() == b"EHLO":
            said = b"250-sink\r\n250 PIPELINING\r\n"
        else:
            said = b"221 bye\r\n" if line[:4].upper() == b"QUIT" else b"250 ok\r\n"
        self.transport.write(said)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Session, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
