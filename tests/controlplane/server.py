# SPDX-License-Identifier: Apache-2.0
"""Sockets: HTTP/1.1 with keep-alive, one thread per connection, optional TLS.

Each request goes one way: read, identify, log, faults before, answer, faults after, send. Clients
may be hostile or vanish at any point; that ends their connection and nothing else. An exception of
the simulator itself is kept in `errors`, so that it cannot hide behind a 500.
"""
from __future__ import annotations

import os
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler
from typing import Callable

from .api import Api
from .faults import Fault, Faults
from .wire import Reply, Request, error_reply
from .log import KEPT_HEADERS, Log, Record, body_for_log

MAX_REQUEST_BODY = 16 * 1024 * 1024
IDLE_SECONDS = 90.0
CHUNK = 64 * 1024


class Exchange:
    """What every connection shares."""

    def __init__(self, api: Api, faults: Faults, log: Log) -> None:
        self.api = api
        self.faults = faults
        self.log = log
        self.errors: list[str] = []
        self.stopping = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "control-plane-simulator"
    sys_version = ""
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server: "Server"

    def setup(self) -> None:
        self.exchange = self.server.exchange
        super().setup()

    def log_message(self, format: str, *args: object) -> None:
        """The request log is the log."""

    def serve(self) -> None:
        started = time.monotonic()
        wall = time.time()
        request = self._read()
        if request is None:
            return
        exchange = self.exchange
        record = exchange.log.begin(
            time=wall, monotonic=started, method=request.method, path=request.path,
            query={key: values[0] for key, values in request.query.items()},
            headers={key: value for key, value in request.headers.items() if key in KEPT_HEADERS},
            peer=request.peer, body=body_for_log(request.body))
        try:
            self._exchange(request, record)
        except OSError:
            # The client has gone; what it asked for has happened all the same.
            self.close_connection = True
        except Exception:
            exchange.errors.append(traceback.format_exc())
            self.close_connection = True
        finally:
            exchange.log.end(record, time.monotonic() - started)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def _exchange(self, request: Request, record: Record) -> None:
        exchange = self.exchange
        route = exchange.api.identify(request, record)
        before = exchange.faults.take(record, "before")
        reply = self._apply(before, record)
        if reply is None:
            if before is not None and before.reset:
                return
            reply = exchange.api.answer(route, request, record)
        after = exchange.faults.take(record, "after")
        replacement = self._apply(after, record)
        if after is not None and after.reset:
            return
        if after is not None and after.duplicate and record.work is not None:
            exchange.api.model.redeliver(record.work)
        self._send(replacement or reply, record, after or before)

    def _apply(self, fault: Fault | None, record: Record) -> Reply | None:
        """Delay, hook, and cut; returns the replacement of the reply if there is one."""
        if fault is None:
            return None
        record.fault = f"{record.fault}, {fault.name}" if record.fault else fault.name
        if fault.delay:
            self.exchange.stopping.wait(fault.delay)
        if fault.hook is not None:
            fault.hook(record)
        if fault.reset:
            self.exchange.log.decided(record, "reset")
            self._cut()
            return None
        return fault.reply(record.request_id) if fault.replaces else None

    # -- reading ---------------------------------------------------------------------------------

    def _read(self) -> Request | None:
        headers = {key.lower(): value for key, value in self.headers.items()}
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers:
            return self._refuse(411, "send a content-length")
        if not (length.isascii() and length.isdigit() and len(length) < 12):
            return self._refuse(400, "content-length is not a number")
        if int(length) > MAX_REQUEST_BODY:
            return self._refuse(413, "the body is too large")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        return Request(self.command, self.path, headers, body,
                       peer=f"{self.client_address[0]}:{self.client_address[1]}")

    def _refuse(self, status: int, message: str) -> None:
        self.close_connection = True
        body = error_reply(status, message).body
        self._head(Reply(status), {"content-length": str(len(body)), "connection": "close"}, "")
        self.wfile.write(body)

    # -- sending ---------------------------------------------------------------------------------

    def _send(self, reply: Reply, record: Record, fault: Fault | None) -> None:
        self.exchange.log.decided(record, reply.status)
        if reply.stream is not None:
            self._send_stream(reply, record, fault)
            return
        total = fault.huge if fault is not None and fault.huge is not None else len(reply.body)
        chunked = fault is not None and fault.chunked
        framing = {"transfer-encoding": "chunked"} if chunked else {"content-length": str(total)}
        if reply.status == 204:
            framing = {}
        self._head(reply, framing, record.request_id)
        if reply.status == 204:
            return
        limit = total
        if fault is not None and fault.truncate is not None:
            limit = min(total, fault.truncate)
            self.close_connection = True
        self._send_body(reply, limit, chunked, fault)
        if chunked and limit == total:
            self.wfile.write(b"0\r\n\r\n")

    def _send_body(self, reply: Reply, limit: int, chunked: bool, fault: Fault | None) -> None:
        rate = fault.rate if fault is not None else None
        huge = fault is not None and fault.huge is not None
        size = CHUNK if rate is None else max(1, int(rate / 10))
        for start in range(0, limit, size):
            count = min(size, limit - start)
            piece = b"x" * count if huge else reply.body[start:start + count]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            if rate is not None and self.exchange.stopping.wait(count / rate):
                raise ConnectionAbortedError("the simulator stops")

    def _send_stream(self, reply: Reply, record: Record, fault: Fault | None) -> None:
        assert reply.stream is not None
        self._head(reply, {"transfer-encoding": "chunked"}, record.request_id)
        budget = fault.truncate if fault is not None else None
        for frame in reply.stream:
            if budget is not None and len(frame) >= budget:
                self.wfile.write(b"%x\r\n%s" % (len(frame), frame[:budget]))
                self._cut()
                return
            budget = budget - len(frame) if budget is not None else None
            self.wfile.write(b"%x\r\n%s\r\n" % (len(frame), frame))
        self.wfile.write(b"0\r\n\r\n")

    def _head(self, reply: Reply, framing: dict[str, str], request_id: str) -> None:
        if "Date" in reply.headers:
            self.send_response_only(reply.status)  # which sends no Date of its own
        else:
            self.send_response(reply.status)
        fields = {"request-id": request_id, **framing}
        if reply.content_type is not None:
            fields["content-type"] = reply.content_type
        fields.update(reply.headers)
        for key, value in fields.items():
            self.send_header(key, value)
        self.end_headers()

    def _cut(self) -> None:
        """Close with RST: what was not read yet is lost, and the client sees a reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.forget(self.connection)
        os.close(self.connection.detach())


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """One listening address."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], exchange: object,
                 tls: ssl.SSLContext | None = None,
                 handler: Callable[..., BaseHTTPRequestHandler] = Handler) -> None:
        self.exchange = exchange
        self.tls = tls
        self._connections: dict[int, socket.socket] = {}
        self._lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    @property
    def port(self) -> int:
        return self.server_address[1]

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1},
                         daemon=True).start()

    def stop(self) -> None:
        """Stop listening and end every open connection."""
        self.shutdown()
        self.server_close()
        with self._lock:
            connections = list(self._connections.values())
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def process_request(self, request, client_address) -> None:
        self.remember(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address) -> None:
        if self.tls is not None:
            # In the connection's own thread, so that a slow handshake delays nobody else.
            try:
                request.settimeout(10)
                request = self.tls.wrap_socket(request, server_side=True)
                self.remember(request)
            except OSError:
                self.shutdown_request(request)
                return
        super().process_request_thread(request, client_address)

    def remember(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections[connection.fileno()] = connection

    def forget(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.pop(connection.fileno(), None)

    def shutdown_request(self, request) -> None:
        self.forget(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address) -> None:
        """Broken handshakes and vanished clients are everyday; anything else is a fault of ours."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            errors = getattr(self.exchange, "errors", None)
            if errors is not None:
                errors.append(traceback.format_exc())
