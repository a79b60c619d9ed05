# SPDX-License-Identifier: Apache-2.0
"""`berth schema` and what reads the files are of one mind: a validator that knows nothing of berth
and `berth check` judge the same files."""
import json
import re
import subprocess

from program import ROOT, PrintCase, berth

# What goes into an environment of an otherwise good fleet, or replaces a line of it.
GOOD = {
    "nothing but what must be there": "",
    "texts that look like numbers": "name: 123\n    env: { DEBUG: 1, VERBOSE: true }",
    "values in quotes": 'sessions: 4\n    poll: { block_ms: "50", idle_min: "1s" }',
    "null, which means the default": "sessions: null\n    poll: null\n    image: ~\n    mounts:",
    "block_ms left to the server": "poll: { block_ms: null }",
    "every kind of list and map":
        "command: [node, 1, true]\n    labels: { team: build, n: 5 }\n    env: {}",
    "several units in one duration": "timeouts: { session: 1h30m, start: 1500ms }",
    "choices": "pull: always\n    credential: key",
    "a network of the operator's": "network: none",
    "an image with a digest": "image: registry.example:5000/a/b:1@sha256:" + "0" * 64,
}

BAD = {
    "an unknown key": "sesions: 3",
    "an unknown key further down": "poll: { idle: 1s }",
    "a word for a number": "sessions: many",
    "a number in quotes": 'sessions: "3"',
    "a number out of range": "sessions: 0",
    "a fraction": "sessions: 1.5",
    "a choice that there is not": "pull: sometimes",
    "an empty text": 'policy: ""',
    "a duration without a unit": "timeouts: { start: 30 }",
    "a duration with a unit that there is not": "timeouts: { start: 30 s }",
    "block_ms above what the control plane takes": "poll: { block_ms: 1000 }",
    "a list for a text": "image: [a]",
    "a text for a list": "command: node",
    "a list in a list": "command: [[node]]",
    "a map in a map": "env: { A: { B: C } }",
    "a text for a section": "timeouts: long",
    "a section for a list of them": "mounts: { source: /a, target: /b }",
    "a mount without its target": "mounts: [{ source: /a }]",
    "a relative path": "mounts: [{ source: a, target: /b }]",
    "a network of the host's": "network: host",
    "a name with a space": "name: a b",
    "yes for true": "mounts: [{ source: /a, target: /b, read_only: yes }]",
}

# What no schema of ours says, and check does.
BEYOND = {
    "a duration out of range": "timeouts: { start: 2d }",
    "two sources of one key": "key: { file: key, env: KEY }",
    "a variable of berth's own": "env: { ANTHROPIC_API_KEY: x }",
    "limits that do not fit together": "poll: { idle_min: 10s, idle_max: 1s }",
    "a policy that is nowhere": "policy: absent",
}

FLEET = """version: 1
environments:
  - id: env_1
    key: {{ file: key }}
    {0}
"""

GOOD_FLEETS = {
    "engines by name": "version: 1\nengines: { a: { socket: unix:///a }, b: { socket: unix:///b } }\n"
                       "environments: [{ id: e, key: { file: key }, engine: b }]\n",
    "a default that one environment changes":
        "version: 1\ndefaults: { sessions: 2, key: { file: key } }\n"
        "environments: [{ id: a }, { id: b, sessions: 3 }]\n",
    "a version in quotes, sizes in all their forms":
        'version: "1"\nhost: { min_free_disk: 1000, min_free_memory: 5MB }\n'
        "environments: [{ id: e, key: { file: key } }]\n",
}

BAD_FLEETS = {
    "no version": "environments: [{ id: e, key: { file: key } }]\n",
    "another version": "version: 2\nenvironments: [{ id: e, key: { file: key } }]\n",
    "an environment without an id": "version: 1\nenvironments: [{ key: { file: key } }]\n",
    "an empty environment": "version: 1\nenvironments: [null]\n",
    "an id among the defaults":
        "version: 1\ndefaults: { id: e }\nenvironments: [{ id: e, key: { file: key } }]\n",
    "an unknown default":
        "version: 1\ndefaults: { imag: x }\nenvironments: [{ id: e, key: { file: key } }]\n",
    "a socket that is none":
        "version: 1\nengine: { socket: tcp://h:1 }\nenvironments: [{ id: e, key: { file: key } }]\n",
    "a URL that is none":
        "version: 1\nbase_url: ftp://h\nenvironments: [{ id: e, key: { file: key } }]\n",
    "a size with a unit that there is not":
        "version: 1\nhost: { min_free_disk: 2 GB }\nenvironments: [{ id: e, key: { file: key } }]\n",
    "a list": "- version: 1\n",
}

GOOD_POLICIES = {
    "nothing": "{}\n",
    "numbers with and without quotes": 'cpus: 1.5\nuser: 10001:10001\nmemory: 536870912\n',
    "numbers in quotes": 'cpus: "0.5"\nuser: "1:1"\nswap: "0"\n',
    "lists": "capabilities: [NET_RAW, CAP_CHOWN]\nunenforced: [memory, swap]\n"
             "mounts: { roots: [/srv] }\n",
    "a tmpfs": 'tmpfs: [{ path: /a, size: 1MiB, mode: "0700", exec: true }]\n',
}

BAD_POLICIES = {
    "an unknown key": "memry: 1GiB\n",
    "root": "user: 0:0\n",
    "a user by name": "user: agent\n",
    "too few processes": "pids: 1\n",
    "more CPUs than there are anywhere": "cpus: 4096\n",
    "no system call filter": "seccomp: unconfined\n",
    "a waiver that there is not": "unenforced: [user]\n",
    "a tmpfs without a size": "tmpfs: [{ path: /a }]\n",
    "a number for a truth value": "read_only_root: 1\n",
    "less memory than Docker takes, in bytes": "memory: 1000\n",
}


class SchemaCase(PrintCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("key", "sk-test\n", 0o600)
        self.write("policies/hardened.yaml", "{}\n")

    def complaints(self, kind: str, *files) -> list[list[str]]:
        """What a schema says, file by file."""
        schema = self.write(f"{kind}.json", self.prints("schema", kind))
        names = [str(file) for file in files]
        result = subprocess.run([ROOT / "tests/cli/validate.py", schema, *names], text=True,
                                capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        verdicts = json.loads(result.stdout)
        return [verdicts[name] for name in names]

    def check(self, file) -> str:
        result = berth("check", file.name, cwd=self.dir)
        self.assertEqual(result.returncode == 78, bool(result.stderr), result.stderr)
        self.assertIn(result.returncode, (0, 78))
        return result.stderr

    def check_policy(self, file) -> str:
        fleet = f"policy_dir: .\n{FLEET}".format(f"policy: {file.stem}")
        return self.check(self.write("with-policy.yaml", fleet))

    def files(self, texts: dict[str, str]) -> list:
        return [self.write(re.sub("[^a-z]", "-", name) + ".yaml", text)
                for name, text in texts.items()]

    def judge(self, kind: str, texts: dict[str, str], *, valid: bool, fine: bool) -> None:
        """Every text is valid to the schema and fine to check, or not."""
        files = self.files(texts)
        check = self.check_policy if kind == "policy" else self.check
        for name, file, said in zip(texts, files, self.complaints(kind, *files)):
            with self.subTest(name):
                self.assertEqual(said == [], valid, f"schema: {said}")
                problems = check(file)
                self.assertEqual(problems == "", fine, f"check: {problems}")


class Schema(SchemaCase):
    def test_and_check_agree_on_good_fleets(self) -> None:
        texts = {name: FLEET.format(text) for name, text in GOOD.items()}
        self.judge("fleet", texts | GOOD_FLEETS, valid=True, fine=True)

    def test_and_check_agree_on_bad_fleets(self) -> None:
        texts = {name: FLEET.format(text) for name, text in BAD.items()}
        self.judge("fleet", texts | BAD_FLEETS, valid=False, fine=False)

    def test_leaves_to_check_what_it_cannot_say(self) -> None:
        texts = {name: FLEET.format(text) for name, text in BEYOND.items()}
        texts["two sources of one key"] = texts["two sources of one key"].replace(
            "key: { file: key }\n    ", "")
        self.judge("fleet", texts, valid=True, fine=False)

    def test_and_check_agree_on_good_policies(self) -> None:
        self.judge("policy", GOOD_POLICIES, valid=True, fine=True)

    def test_and_check_agree_on_bad_policies(self) -> None:
        self.judge("policy", BAD_POLICIES, valid=False, fine=False)

    def test_of_an_included_file_takes_environments_and_nothing_else(self) -> None:
        good = self.write("conf.d/good.yaml", "environments: [{ id: b, key: { file: ../key } }]\n")
        bad = self.write("conf.d/bad.yaml", "version: 1\nenvironments: [{ id: c }]\n")
        said = self.complaints("include", good, bad)
        self.assertEqual(said[0], [])
        self.assertIn("version", said[1][0])
        for text in ("{}\n", "environments:\n"):
            empty = self.write("conf.d/empty.yaml", text)
            self.assertNotEqual(self.complaints("include", empty), [[]])
            fleet = self.write("f.yaml", f"include: conf.d/empty.yaml\n{FLEET}".format(""))
            self.assertNotEqual(self.check(fleet), "")
        for pattern, fine in (("conf.d/good.yaml", True), ("conf.d/bad.yaml", False)):
            fleet = self.write("f.yaml", f"include: {pattern}\n{FLEET}".format(""))
            self.assertEqual(self.complaints("fleet", fleet), [[]])
            self.assertEqual(self.check(fleet) == "", fine)

    def test_takes_every_example_and_every_policy_of_this_project(self) -> None:
        """Those that hold a fleet or a part of one; a Compose file is not ours to describe."""
        kinds = {"fleet": [], "include": [], "policy": sorted((ROOT / "policies").glob("*.yaml"))}
        for file in sorted((ROOT / "examples").rglob("*.yaml")):
            text = file.read_text()
            if re.search(r"^version: 1$", text, re.MULTILINE):
                kinds["fleet"].append(file)
            elif re.search(r"^environments:", text, re.MULTILINE):
                kinds["include"].append(file)
        self.assertTrue(kinds["fleet"] and kinds["policy"])
        for kind, files in kinds.items():
            for file, said in zip(files, self.complaints(kind, *files) if files else []):
                self.assertEqual(said, [], file)

    def test_of_something_else_is_a_mistake_in_usage(self) -> None:
        result = berth("schema", "polcy")
        self.assertEqual(result.returncode, 64)
        self.assertIn("did you mean 'policy'?", result.stderr)
        self.assertEqual(berth("schema", "fleet", "policy").returncode, 64)
