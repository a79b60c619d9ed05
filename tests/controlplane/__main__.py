# SPDX-License-Identifier: Apache-2.0
"""The control plane as a process: `python3 -m controlplane`, driven through the admin interface."""
from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from .plane import ControlPlane


def address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def write_ready(path: Path, value: dict) -> None:
    """Whole or not at all, so that a reader may wait for the file to exist."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(value) + "\n", encoding="utf-8")
    os.replace(partial, path)


def main() -> int:
    parser = argparse.ArgumentParser(prog="controlplane", description=__doc__)
    parser.add_argument("--listen", metavar="HOST:PORT", type=address, action="append",
                        help="serve the API here; repeatable; port 0 takes a free one")
    parser.add_argument("--admin", metavar="HOST:PORT", type=address, default=("127.0.0.1", 0),
                        help="serve the admin interface here (default: a free loopback port)")
    parser.add_argument("--ready-file", metavar="FILE", type=Path,
                        help="write the URLs here as JSON once the server serves")
    parser.add_argument("--log", metavar="FILE", type=Path,
                        help="append the request log here, one JSON object per line")
    parser.add_argument("--tls-cert", metavar="FILE", help="serve the API over TLS")
    parser.add_argument("--tls-key", metavar="FILE")
    options = parser.parse_args()
    if (options.tls_cert is None) != (options.tls_key is None):
        parser.error("--tls-cert and --tls-key come together")

    ending = (signal.SIGTERM, signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    plane = ControlPlane(options.listen or [("127.0.0.1", 0)], admin=options.admin,
                         tls_cert=options.tls_cert, tls_key=options.tls_key, log_file=options.log)
    plane.start()
    urls = {"url": plane.url, "urls": plane.urls, "admin": plane.admin_url, "pid": os.getpid()}
    if options.ready_file is not None:
        write_ready(options.ready_file, urls)
    print(json.dumps(urls), flush=True)
    signal.sigwait(ending)
    plane.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
