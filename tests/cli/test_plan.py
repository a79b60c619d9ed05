# SPDX-License-Identifier: Apache-2.0
"""`berth plan` shows what a policy means: who changes one line of it sees one line change."""
import difflib
import json
import re

from program import ROOT, PrintCase, berth

# A line of policies/hardened.yaml, what it becomes, and the field of the request that this changes:
# Docker's, and Podman's.
CHANGES = [
    ("read_only_root: true", "read_only_root: false", "ReadonlyRootfs", "read_only_filesystem"),
    ("pids: 512", "pids: 64", "PidsLimit", "limit"),
    ("swap: 0", "swap: 1GiB", "MemorySwap", "swap"),
    ("cpus: 2", "cpus: 1", "NanoCpus", "quota"),
    ("shm: 64MiB", "shm: 32MiB", "ShmSize", "shm_size"),
    ("oom_score_adj: 500", "oom_score_adj: 600", "OomScoreAdj", "oom_score_adj"),
    ("log: { size: 10MiB }", "log: { size: 2MiB }", "max-size", "size"),
    ('  - { path: /mnt/memory, size: 64MiB, mode: "0700", exec: false }',
     '  - { path: /mnt/memory, size: 32MiB, mode: "0700", exec: false }', "/mnt/memory",
     "size=67108864"),
]


class OneLineOfAPolicy(PrintCase):
    def plan(self, policy: str, api: str) -> list[str]:
        self.write("policies/own.yaml", policy)
        result = berth("plan", "--policy-dir", "policies", "--policy", "own", "--environment-id",
                       "env_1", "--image", "example/worker:2", "--api", api, cwd=self.dir)
        self.assertEqual(result.returncode, 0, result.stderr)
        # The digest is another one in any case.
        return re.sub("own@[0-9a-f]{12}", "own@DIGEST", result.stdout).splitlines()

    def test_changes_one_line_of_the_plan(self) -> None:
        hardened = (ROOT / "policies/hardened.yaml").read_text()
        for api, column in (("docker", 2), ("podman", 3)):
            before = self.plan(hardened, api)
            for change in CHANGES:
                with self.subTest(change[0], api=api):
                    self.assertEqual(hardened.count(f"\n{change[0]}\n"), 1)
                    after = self.plan(hardened.replace(f"\n{change[0]}\n", f"\n{change[1]}\n"), api)
                    marks = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
                    self.assertEqual([line[0] for line in marks], ["-", "+"], marks)
                    self.assertIn(f'"{change[column]}"', marks[0])

    def test_that_means_what_the_engine_is_told_anyway_changes_nothing(self) -> None:
        hardened = (ROOT / "policies/hardened.yaml").read_text()
        for line in ("unenforced: []", "user_namespace: engine", "mounts: { roots: [] }"):
            self.assertEqual(self.plan(hardened, "docker"),
                             self.plan(hardened.replace(f"\n{line}\n", "\n"), "docker"))


class APlan(PrintCase):
    """What an operator put into `env` may be a secret, and plans are pasted into tickets."""

    HIDDEN = ("GITHUB_TOKEN", "npm_token_x", "AWS_SECRET_ACCESS_KEY", "apikey", "PGPASSWORD",
              "DB_PASSWD", "GPG_PASSPHRASE", "REGISTRY_CREDENTIALS")
    SHOWN = ("TZ", "HTTPS_PROXY", "NODE_EXTRA_CA_CERTS", "PAGER", "PASS")

    def test_hides_values_whose_names_call_them_secret_and_no_others(self) -> None:
        names = (*self.HIDDEN, *self.SHOWN)
        env = ", ".join(f"{name}: value-of-{i}" for i, name in enumerate(names))
        self.write("fleet.yaml", "version: 1\nenvironments:\n  - { id: env_1, image: worker, "
                                 f"key: {{ file: key }}, env: {{ {env} }} }}\n")
        for api in ("docker", "podman"):
            result = berth("plan", "--config", "fleet.yaml", "--api", api, cwd=self.dir)
            self.assertEqual(result.returncode, 0, result.stderr)
            request = json.loads(result.stdout)
            found = (request["env"] if api == "podman" else
                     dict(entry.split("=", 1) for entry in request["Env"]))
            self.assertEqual({name: found[name] for name in names},
                             dict.fromkeys(self.HIDDEN, "***")
                             | {name: f"value-of-{names.index(name)}" for name in self.SHOWN})
