# SPDX-License-Identifier: Apache-2.0
"""Runs a real session under a policy and has the probe try in it whatever it must not do; then has
it do what it must be able to. Every cell of the matrix is asserted, and printed for table.py."""
from __future__ import annotations

import shlex
import socket

import control
import private_engine
import probe_image
from engine_case import SECONDS
from harness import ROOT, berth_program
from kinds import KIND
from let_through import let_through
from policy_case import PolicyCase
from promises import SERVE, Policy, fill_log, size
from things import BROKEN, PROVEN, THINGS, Thing, no_programs, rooms
from work import WORK

# Of what must fail, so much must have been the policy's doing. No machine has everything.
LEAST_PROVEN = 80

MIB = 1 << 20
SIBLING = f"{SERVE}; echo secret >/workspace/file"
# Where a key of the queue could be: surroundings and arguments of all processes, and files.
LOOK_FOR_KEY = """cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n'
    grep -rhsa . /run /tmp /home /workspace /mnt /etc/berth* | head -c 100000"""


class MatrixCase(PolicyCase):
    image = probe_image.REFERENCE
    # What the policy is too large for on a test machine; it is printed.
    smaller: tuple[str, ...] = ()
    # Limits whose excess would end the session, and what else says no than the kernel of the host.
    untried: tuple[str, ...] = ()
    also_refusals: frozenset[str] = frozenset()
    # What does not work here, and what it says then.
    not_working: dict[str, str] = {}

    def try_everything(self, name: str) -> None:
        policy = self.policy_as_run(name)
        self.use(name, *self.smaller)
        self.place.environment["sessions"] = 2
        with socket.create_server(("127.0.0.1", 0)) as listener:
            berth = self.start("run")
            [sibling] = self.queue(end="hold", script=[SIBLING])
            [addresses] = self.wait_result(sibling)
            told = self.surroundings(policy, addresses.split()[0], self.running(sibling)["Id"])
            port = listener.getsockname()[1]
            item, found, worked = self.in_a_session(policy, told, port)
            as_root = self.as_root([*told, f"host_listener=127.0.0.1 {port}"])
        expected = THINGS + self.things_of(policy)
        self.assertEqual(sorted(found), sorted(thing.name for thing in expected))
        self.judge(name, expected, found, as_root)
        self.judge_work(name, worked)
        for each in (sibling, item):
            self.cp.finish_session(each["session_id"])
        berth.wait_event("removed", SECONDS, count=2)
        self.assertEqual(berth.terminate(), 0)
        self.assert_nothing_left()

    def in_a_session(self, policy: Policy, told: list[str],
                     port: int) -> tuple[dict, dict[str, str], list[str]]:
        """Its item, what came of each attempt, and what the work printed."""
        loopback = "127.0.0.1" if KIND.has_addresses else "10.0.2.2"
        log_size = size(policy.part("log", "size"))
        [item] = self.queue(end="hold", script=[
            shlex.join([probe_image.PROBE, *told, f"host_listener={loopback} {port}"]),
            LOOK_FOR_KEY, *(script for script, _ in WORK.values()), fill_log(log_size // MIB + 2)])
        container = self.running(item)["Id"]
        tried, seen, *worked, _ = self.wait_result(item, len(WORK) + 3)
        kept = len(self.engine.logs(container))
        return item, control.outcomes(tried) | {
            "read the environment's key": "found" if self.env["key"] in seen else "absent",
            "keep more log": "kept" if kept > 1.1 * log_size else "cut"}, worked

    def as_root(self, told: list[str]) -> dict[str, str]:
        """What came of the same attempts; of two it need not be tried."""
        outcomes = control.attempt(self.engine.socket_path, told)
        if not KIND.has_addresses:
            outcomes["reach a sibling's server"] = "no address"
        return outcomes | {"read the environment's key": "found", "keep more log": "kept"}

    # --- what is tried --------------------------------------------------------------------------

    def policy_as_run(self, name: str) -> Policy:
        policy = Policy(ROOT / f"policies/{name}.yaml")
        policy.values.update(line.split(": ", 1) for line in self.smaller)
        return policy

    def surroundings(self, policy: Policy, address: str, sibling: str) -> list[str]:
        """What both the session's probe and the control's are told. A limit that the policy waives
        is not tried: it would use up the machine."""
        limits = [f"{name}={value}" for name, value in (
            ("pids", policy["pids"]), ("memory", policy.bytes("memory")))
            if name not in KIND.unenforced + self.untried]
        return [f"engine_socket={self.engine.socket_path}", f"host_disk={control.disk()}",
                f"sibling={address} 8000", f"sibling_pid={max(self.engine.pids(sibling))}",
                f"nofile={policy['nofile']}", *limits, f"room=/dev/shm:{policy.bytes('shm')}",
                *(f"room={mount['path']}:{size(mount['size'])}" for mount in policy.tmpfs),
                *(f"programs={mount['path']}" for mount in policy.tmpfs
                  if mount["exec"] == "false")]

    def things_of(self, policy: Policy) -> list[Thing]:
        return (rooms(["/dev/shm", *(mount["path"] for mount in policy.tmpfs)])
                + no_programs([mount["path"] for mount in policy.tmpfs
                               if mount["exec"] == "false"]))

    # --- what is true ---------------------------------------------------------------------------

    def judge(self, name: str, expected: list[Thing], found: dict[str, str],
              as_root: dict[str, str]) -> None:
        proven = 0
        for thing in expected:
            outcome, root = found[thing.name], as_root[thing.name]
            verdict = self.verdict(name, thing, outcome, root)
            proven += verdict == PROVEN
            self.show("must fail", name, thing.name, root, outcome, verdict)
            with self.subTest(thing.name):
                self.assertNotEqual(verdict, BROKEN, f"{outcome}; as root {root}")
        waived = [f"waived: {' '.join(KIND.unenforced)}"] if KIND.unenforced else []
        self.show("must fail", name, "as shipped, but", "", "; ".join([*self.smaller, *waived]), "")
        self.show("must fail", name, "proven", "", str(proven), "")
        self.assertGreaterEqual(proven, LEAST_PROVEN)

    def verdict(self, name: str, thing: Thing, outcome: str, root: str) -> str:
        if thing.waiver in KIND.unenforced:
            return "waived"
        if thing.waiver in self.untried:
            return "not tried"
        if why := let_through(thing.name, name, KIND.name):
            return f"let through: {why}" if outcome in ("ok", root) else BROKEN
        return thing.verdict(outcome, root, self.also_refusals)

    def judge_work(self, name: str, worked: list[str]) -> None:
        for (what, (_, truth)), result in zip(WORK.items(), worked, strict=True):
            text = " ".join(result.split())
            if what in self.not_working:
                self.show("must work", name, what, "", "does not work", "")
                self.assertIn(self.not_working[what], text)
                continue
            self.show("must work", name, what, "", "works" if text == truth else BROKEN, "")
            with self.subTest(what):
                self.assertEqual(text, truth)

    def show(self, *cells: str) -> None:
        print("# | " + " | ".join((f"{KIND.name}", *cells)) + " |", flush=True)
