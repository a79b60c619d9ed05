# SPDX-License-Identifier: Apache-2.0
"""The policies that come with berth, beside `hardened`: what a session can still do under them, and
what it cannot do any more. What the policy of this engine waives is waived in a copy of them, by
`extends`."""
from __future__ import annotations

import private_engine
from engine_case import SECONDS
from kinds import KIND
from policy_case import PolicyCase

setUpModule, tearDownModule = private_engine.start, private_engine.stop

# What agents do all day: a shell on a terminal, jobs, pipes, Git, Node with threads and workers.
WORK = {
    "a terminal": "script -qec 'bash -ic \"tty | cut -c1-8; sleep 0.1 & wait; echo job\"' /dev/null"
                  " 2>/dev/null | tr -d '\\r' | grep -E '^(/dev/pts|job)' | sort | paste -sd' '",
    "Git": "cd /workspace && git init -q r && cd r && git config user.email a@b && "
           "git config user.name a && echo x >f && git add f && git commit -qm one && "
           "git clone -q . ../s && git -C ../s log --format=%s",
    "Node": "cd /workspace && node -e '"
            "const { Worker } = require(\"node:worker_threads\");"
            "const fs = require(\"node:fs\"); fs.watch(\".\").close();"
            "new Worker(\"setTimeout(() => 0, 10)\", { eval: true }).on(\"exit\", () =>"
            " console.log(require(\"node:child_process\").execSync(\"echo child\").toString()))'",
    "a build": "cd /workspace && printf '#!/bin/sh\\necho built' >tool && chmod +x tool && "
               "tar cf t.tar tool && tar xf t.tar && ./tool && rg -c built tool",
    "the network": "node -e 'require(\"node:dns\").lookup(\"localhost\", (e, a) =>"
                   " console.log(e ? e.code : \"found\"));"
                   "require(\"node:net\").createServer().listen(0, function () { this.close() })'",
}
WORKS = {"a terminal": "/dev/pts job", "Git": "one", "Node": "child", "a build": "built 1",
         "the network": "found"}

# Refused by the filter of `strict`, whatever the engine's own lets pass.
REFUSED = {
    "a user name space": "unshare --user true",
    "a mount name space": "unshare --mount true",
    "a mount": "mount -t tmpfs none /mnt/memory",
    "another process's memory": "sleep 9 & dd if=/proc/$!/mem bs=1 count=1",
}


class ShippedPolicy(PolicyCase):
    def assert_works(self) -> None:
        for name, found in zip(WORK, self.inside(*WORK.values())):
            with self.subTest(name):
                self.assertEqual(found, WORKS[name])


class Strict(ShippedPolicy):
    def test_lets_a_session_work(self) -> None:
        self.use("strict")
        self.assert_works()

    def test_filters_system_calls_of_every_process(self) -> None:
        self.use("strict")
        self.assertEqual(self.inside(*(f"grep -h '^Seccomp:' /proc/{pid}/status"
                                       for pid in ("self", "$PPID", "1"))), ["Seccomp: 2"] * 3)

    def test_refuses_what_leads_into_the_kernel(self) -> None:
        self.use("strict")
        scripts = [f"({script}) >/dev/null 2>&1; echo $?" for script in REFUSED.values()]
        for name, code in zip(REFUSED, self.inside(*scripts)):
            with self.subTest(name):
                self.assertNotEqual(code, "0")

    def test_runs_no_program_from_outside_the_workspace(self) -> None:
        self.use("strict")
        copies = [f"cp /bin/true {folder}/t && {folder}/t; echo $?"
                  for folder in ("/workspace", "/tmp", "/home/agent", "/var/tmp")]
        self.assertEqual([text.rpartition(" ")[2] for text in self.inside(*copies)],
                         ["0", "126", "126", "126"])


class Trusted(ShippedPolicy):
    def test_lets_a_session_work_and_gives_it_more_room(self) -> None:
        # Not every machine has as many CPUs.
        self.use("trusted", "cpus: 1")
        self.assert_works()
        [files, root] = self.inside("ulimit -n", "id -u; touch /etc/x 2>&1 | cut -d: -f3")
        self.assertEqual(files, "16384")
        self.assertEqual(root, "10001 Read-only file system")


class ASessionThatWritesToDisk(PolicyCase):
    def test_is_ended_when_it_has_written_more_than_its_policy_allows(self) -> None:
        self.use("hardened", "read_only_root: false", "disk: 4MiB",
                 "tmpfs: [{ path: /tmp, size: 64MiB, mode: '1777', exec: true }]")
        [item] = self.queue(end="hold", script=[
            "head -c 8M /dev/zero >/workspace/file && echo written"])
        berth = self.start("drain", "--wait")
        self.assertEqual([text.strip() for text in self.wait_result(item)], ["written"])
        self.assertEqual(berth.wait_event("stopping", SECONDS)["reason"], "disk")
        berth.wait(SECONDS)
        record = self.place.records(item["id"])[-1]
        self.assertEqual(record["ended_by"], "disk")
        self.assert_nothing_left()


class APromiseThatThisEngineCannotKeep(PolicyCase):
    def test_is_refused_before_anything_is_claimed(self) -> None:
        for line, words in {
                "apparmor: own-profile": "apparmor: its host has no AppArmor",
                "selinux: container_t": "selinux: its host has no SELinux",
                **({} if KIND.rootless else {
                    "user_namespace: required": "root in its containers is the host's root"})
        }.items():
            with self.subTest(line):
                self.use("hardened", line)
                [item] = self.queue()
                berth = self.start("drain", "--wait")
                self.assert_exit(berth, 78, SECONDS)
                self.assertEqual(self.cp.log.of(("poll", "ack", "stop")), [])
                self.assertEqual(self.cp.item(item["id"])["state"], "queued")
                self.assertEqual(self.watcher.all(), [])
                self.assertIn(words, berth.stderr)


class Gvisor(PolicyCase):
    def test_is_refused_before_anything_is_claimed_where_there_is_no_runsc(self) -> None:
        self.use("gvisor")
        [item] = self.queue()
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 78, SECONDS)
        self.assertEqual(self.cp.log.all(), [])
        self.assertEqual(self.cp.item(item["id"])["state"], "queued")
        self.assertEqual(self.watcher.all(), [])
        self.assertIn("runsc", berth.stderr)
