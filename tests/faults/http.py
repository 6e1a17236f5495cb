"""A real HTTP server in the place of an SMS provider and of another company's system."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from tests.faults.sink import Sink


class HttpServer(Sink):
    """Takes what Twilio takes and calls of Standard Webhooks."""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05], name="http", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(30)


def _handler(sink: HttpServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """What came whole is accepted, whether or not the sender lives to hear it."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.endswith("/Messages.json"):
                recipient, identity = parse_qs(body.decode())["To"][0], self.headers["Idempotency-Key"]
            else:
                recipient, identity = json.loads(body)["data"]["customer"]["email"], self.headers["webhook-id"]
            said = sink.answers(recipient)
            time.sleep(sink.takes(recipient))
            if said in {"", "drop"}:
                sink.keep(recipient, identity)
            if said != "drop":
                self._answer(int(said or 201), {"sid": f"SM{identity}"} if not said else {})

        def _answer(self, status: int, said: dict[str, Any]) -> None:
            text = json.dumps(said).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            except OSError:
                pass  # the sender did not live to hear it

        def log_message(self, *_words: Any) -> None:
            pass

    return Handler
