# SPDX-License-Identifier: Apache-2.0
"""`berth plan` shows what a policy means: who changes one line of it sees one line change."""
import json
import re
from collections import Counter
from dataclasses import dataclass

from program import ROOT, PrintCase, berth

HARDENED = (ROOT / "policies/hardened.yaml").read_text()
TMPFS_COUNT = HARDENED.count("  - { path: /")
MEMORY = '  - { path: /mnt/memory, size: 64MiB, mode: "0700", exec: false }'


@dataclass(frozen=True)
class Change:
    """A line of policies/hardened.yaml, what it becomes, a word of the line of the plan that this
    changes, in Docker's words and in Podman's, and how many lines it changes where that is not one.
    `beside` is a change that is made both before and after."""

    key: str
    line: str
    becomes: str
    docker: str
    podman: str
    docker_lines: int = 1
    podman_lines: int = 1
    beside: tuple[str, str] = ("", "")


CHANGES = [
    Change("extends", "user: \"10001:10001\"", "user: \"10001:10001\"\nextends: fewer-files",
           "berth.policy", "berth.policy", 0, 0),
    # Docker's tmpfs name their owner, each of them.
    Change("user", 'user: "10001:10001"', 'user: "10002:10002"', "User", "user",
           docker_lines=1 + TMPFS_COUNT),
    Change("read_only_root", "read_only_root: true", "read_only_root: false", "ReadonlyRootfs",
           "read_only_filesystem"),
    Change("capabilities", "capabilities: []", "capabilities: [CHOWN]", "CAP_CHOWN", "CAP_CHOWN"),
    Change("no_new_privileges", "no_new_privileges: true", "no_new_privileges: false",
           "no-new-privileges", "no_new_privileges"),
    Change("seccomp", "seccomp: engine", "seccomp: own.json", "seccomp=", "seccomp_profile_path"),
    Change("apparmor", "apparmor: null", "apparmor: own", "apparmor=own", "apparmor_profile"),
    # In libpod's words a list of its own, with its two brackets.
    Change("selinux", "selinux: null", "selinux: own_t", "label=type:own_t", "type:own_t",
           podman_lines=3),
    Change("user_namespace", "user_namespace: engine", "user_namespace: required",
           "user_namespace", "user_namespace"),
    Change("pids", "pids: 512", "pids: 64", "PidsLimit", "limit"),
    # Both engines count memory and swap together.
    Change("memory", "memory: 2GiB", "memory: 1GiB", "Memory", "limit", 2, 2),
    Change("swap", "swap: 0", "swap: 1GiB", "MemorySwap", "swap"),
    Change("cpus", "cpus: 2", "cpus: 1", "NanoCpus", "quota"),
    # A soft limit and a hard one.
    Change("nofile", "nofile: 4096", "nofile: 1024", "Soft", "soft", 2, 2),
    Change("nproc", "nproc: 16384", "nproc: 8192", "Soft", "soft", 2, 2),
    Change("core", "core: 0", "core: 1MiB", "Soft", "soft", 2, 2),
    Change("shm", "shm: 64MiB", "shm: 32MiB", "ShmSize", "shm_size"),
    Change("oom_score_adj", "oom_score_adj: 500", "oom_score_adj: 600", "OomScoreAdj",
           "oom_score_adj"),
    Change("tmpfs.path", MEMORY, MEMORY.replace("/mnt/memory", "/mnt/notes"), "/mnt/memory",
           "/mnt/memory"),
    Change("tmpfs.size", MEMORY, MEMORY.replace("64MiB", "32MiB"), "/mnt/memory",
           "size=67108864"),
    Change("tmpfs.mode", MEMORY, MEMORY.replace("0700", "0750"), "/mnt/memory", "mode=0700"),
    Change("tmpfs.exec", MEMORY, MEMORY.replace("exec: false", "exec: true"), "/mnt/memory",
           "noexec"),
    Change("disk", "unenforced: []", "unenforced: []\ndisk: 1GiB", "disk", "disk",
           beside=("read_only_root: true", "read_only_root: false")),
    Change("volumes.size", "volumes: { size: 256MiB }", "volumes: { size: 1GiB }", "volumes",
           "volumes"),
    Change("mounts.roots", "mounts: { roots: [] }", "mounts: { roots: [/usr/share] }",
           "/usr/share", "/usr/share"),
    # Podman's own network has options, which go with it.
    Change("network", "network: unrestricted", "network: none", "NetworkMode", "nsmode",
           podman_lines=6),
    Change("runtime", "runtime: null", "runtime: runsc", "Runtime", "runtime"),
    Change("require_secret", "require_secret: false", "require_secret: true", "require_secret",
           "require_secret"),
    Change("log.size", "log: { size: 10MiB }", "log: { size: 2MiB }", "max-size", "size"),
    Change("unenforced", "unenforced: []", "unenforced: [swap]", "unenforced", "unenforced"),
]


def swapped(policy: str, line: str, becomes: str) -> str:
    """`policy` with that whole line replaced, which it has once."""
    assert policy.count(f"\n{line}\n") == 1, line
    return policy.replace(f"\n{line}\n", f"\n{becomes}\n")


def keys(schema: dict, prefix: str = "") -> set[str]:
    """"log.size", "pids": every key that has a value of its own."""
    found: set[str] = set()
    for name, value in schema["properties"].items():
        section = value if "properties" in value else value.get("items", {})
        found |= (keys(section, f"{prefix}{name}.") if "properties" in section
                  else {prefix + name})
    return found


class OneLineOfAPolicy(PrintCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("policies/own.json", '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":['
                                        '{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}')
        self.write("policies/fewer-files.yaml", swapped(HARDENED, "nofile: 4096", "nofile: 64"))

    def plan(self, policy: str, api: str) -> list[str]:
        """Its lines, with what it says besides the request."""
        self.write("policies/own.yaml", policy)
        result = berth("plan", "--policy-dir", "policies", "--policy", "own", "--environment-id",
                       "env_1", "--image", "example/worker:2", "--api", api, cwd=self.dir)
        self.assertEqual(result.returncode, 0, result.stderr)
        # The digest is another one in any case, and a comma tells of what comes behind it.
        text = re.sub("own@[0-9a-f]{12}", "own@DIGEST", result.stderr + result.stdout)
        return [line.rstrip(",") for line in text.splitlines()]

    def changed(self, before: list[str], after: list[str]) -> tuple[list[str], int]:
        """The lines that are only in one of them, and how many have changed, come or gone."""
        gone, come = Counter(before) - Counter(after), Counter(after) - Counter(before)
        return [*gone.elements(), *come.elements()], max(gone.total(), come.total())

    def test_changes_one_line_of_the_plan(self) -> None:
        for api in ("docker", "podman"):
            for change in CHANGES:
                with self.subTest(change.key, api=api):
                    policy = swapped(HARDENED, *change.beside) if change.beside[0] else HARDENED
                    lines, count = self.changed(
                        self.plan(policy, api),
                        self.plan(swapped(policy, change.line, change.becomes), api))
                    self.assertEqual(count, getattr(change, f"{api}_lines"), lines)
                    if count:
                        self.assertIn(getattr(change, api), "\n".join(lines))

    def test_is_tried_for_every_key_that_there_is(self) -> None:
        schema = json.loads((ROOT / "tests/golden/schema_policy.json").read_text())
        self.assertEqual(keys(schema), {change.key for change in CHANGES})

    def test_that_extends_another_policy_takes_over_what_it_does_not_say(self) -> None:
        for api, word in (("docker", "Soft"), ("podman", "soft")):
            lines, count = self.changed(self.plan("extends: hardened\n", api),
                                        self.plan("extends: fewer-files\n", api))
            self.assertEqual((count, word in "\n".join(lines)), (2, True), lines)

    def test_that_means_what_the_engine_is_told_anyway_changes_nothing(self) -> None:
        for line in ("unenforced: []", "user_namespace: engine", "mounts: { roots: [] }"):
            self.assertEqual(self.plan(HARDENED, "docker"),
                             self.plan(HARDENED.replace(f"\n{line}\n", "\n"), "docker"))


class EveryShippedPolicy(PrintCase):
    def test_has_a_create_request_to_compare_with_for_each_kind_of_engine(self) -> None:
        names = {policy.stem for policy in (ROOT / "policies").glob("*.yaml")}
        for api in ("docker", "podman"):
            goldens = {golden.stem.removeprefix(f"{api}_")
                       for golden in (ROOT / "tests/golden").glob(f"{api}_*.json")}
            self.assertEqual(names - goldens, set())


class APlan(PrintCase):
    """What an operator put into `env` may be a secret, and plans are pasted into tickets."""

    HIDDEN = ("GITHUB_TOKEN", "npm_token_x", "AWS_SECRET_ACCESS_KEY", "apikey", "PGPASSWORD",
              "DB_PASSWD", "GPG_PASSPHRASE", "REGISTRY_CREDENTIALS",
              "PASS", "DB_PASS", "PGPASS", "REGISTRY_AUTH", "auth", "OAUTH_ID", "MYSQL_PWD", "GIT_COOKIE",
              "LOGIN_JWT", "BEARER_1")
    SHOWN = ("TZ", "HTTPS_PROXY", "NODE_EXTRA_CA_CERTS", "PAGER", "GIT_AUTHOR_NAME", "PWDIR")

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

    def test_shows_of_a_url_nobody_who_is_named_before_its_host(self) -> None:
        self.write("fleet.yaml", "version: 1\nenvironments:\n  - { id: env_1, image: worker, "
                                 "key: { file: key }, labels: { from: 'https://me:s3cret@h' }, "
                                 "command: [x, '--db=pg://me:s3cret@h/d'], env: { "
                                 "HTTPS_PROXY: 'http://me:s3cret@proxy:3128/', "
                                 "PIP_INDEX_URL: 'https://s3cret@h/@s/x' } }\n")
        for api in ("docker", "podman"):
            result = berth("plan", "--config", "fleet.yaml", "--api", api, cwd=self.dir)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertNotIn("s3cret", result.stdout)
            for shown in ("http://***@proxy:3128/", "https://***@h/@s/x", "--db=pg://***@h/d",
                          '"https://***@h"'):
                self.assertIn(shown, result.stdout)
