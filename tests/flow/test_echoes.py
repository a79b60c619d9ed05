# SPDX-License-Identifier: Apache-2.0
"""An engine whose errors repeat what it was asked, secrets included, at the Nth request that has a
body, for every N, and in every encoding. BerthCase looks for them in all that berth wrote or told the engine; here
also for pieces of them, as a message that is cut to size may hold half a secret."""
from __future__ import annotations

import base64
import stat
import time
from urllib.parse import quote

from flow.faultcase import FaultCase, Round
from flow.onpodman import OnPodman
from harness import FlowCase

# Nothing else that berth writes has so many characters in common with a token by chance.
PIECE = 12


def pieces(secret: str) -> set[str]:
    """Every part of that length, of what sets a secret apart from others of its kind."""
    body = secret.removeprefix("sk-ant-oat01-").removeprefix("sk-ant-req-")
    return {body[start:start + PIECE] for start in range(len(body) - PIECE + 1)}


class EchoCase(FaultCase):
    def assert_nothing_is_given_away(self, place, secrets: list[str]) -> None:
        for name, text in place.texts():
            for secret in secrets:
                found = {piece for piece in pieces(secret) if piece in text}
                self.assertEqual(len(found), 0, f"{name} holds pieces of a secret")
        for path in place.state_dir.rglob("*"):
            if path.is_file():
                self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path.name)

    def assert_round(self, this: Round) -> None:
        super().assert_round(this)
        self.assert_nothing_is_given_away(
            this.place, [self.env["key"], *(item["token"] for item in this.items),
                         *(item["secret"] for item in this.items)])


class AnEngineThatRepeatsTheRequest(EchoCase):
    # Those with a body: the network's, where there is one, and the container's.
    fewest_requests = 1

    def repeat_with(self, status: int) -> None:
        self.for_every_request(
            lambda this: self.engine.rule(request_body="?*", after=this.number - 1, status=status,
                                          echo_body=True),
            self.engine.hits)

    def test_under_400_gives_nothing_of_it_away(self) -> None:
        self.repeat_with(400)

    def test_under_409_gives_nothing_of_it_away(self) -> None:
        self.repeat_with(409)

    def test_under_500_gives_nothing_of_it_away(self) -> None:
        self.repeat_with(500)


class APodmanThatRepeatsTheRequest(OnPodman, AnEngineThatRepeatsTheRequest):
    pass


class AnEngineThatRepeatsASecret(FlowCase):
    """... of the request that it was given, as it is and as programs write it elsewhere."""

    def encodings(self, secret: str) -> list[str]:
        raw = secret.encode()
        framed = [base64.b64encode(b"{" * before + raw + b"}").decode() for before in range(3)]
        return [secret, quote(secret, safe=""), "".join(f"%{byte:02X}" for byte in raw),
                raw.hex(), raw.hex().upper(), *framed,
                *(text.replace("+", "-").replace("/", "_").rstrip("=") for text in framed)]

    def test_in_whatever_encoding_gives_nothing_of_it_away(self) -> None:
        [item] = self.queue()
        self.place.environment["poll"].update(reclaim_older_than_ms=300, ack_within="250ms")
        for secret in (item["token"], item["secret"]):
            for text in self.encodings(secret):
                rule = self.engine.rule(op="create", status=500, times=0, body={
                    "message": f"cannot make a container: invalid value '{text}' " + "x" * 400})
                time.sleep(0.3)  # until the item is offered again
                berth = self.run_berth("drain", "--wait")
                self.assertEqual(berth.process.returncode, 75, berth.tail())
                [failed, *_] = berth.events("launch_failed")
                said = berth.stderr + berth.stdout
                for start in range(len(text) - PIECE + 1):
                    piece = text[start:start + PIECE]
                    self.assertFalse(piece in said, f"a piece of a secret in: {failed}")
                self.engine.remove_rules(rule)
