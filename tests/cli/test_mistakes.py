# SPDX-License-Identifier: Apache-2.0
"""What an operator is told who has made many mistakes at once."""
import re

from program import PrintCase, berth

FLEET = """version: 1
instnce: shop
engines:
  docker: { socket: /run/docker.sock }
  podman: { socket: unix:///run/podman/podman.sock, launches: 0 }
on_shutdown: laeve
defaults:
  key: { file: key }
  credential: kye
environments:
  - id: env_1
    engine: docker
    pull: alwayz
    timeouts: { sesson: 1h, start: 10 }
    network: unrestrited
    env: { ANTHROPIC_WORK_ID: x, TZ: UTC }
    labels: { berth.work: mine }
    mounts:
      - { source: /etc, target: /a }
      - { source: /srv, target: /proc }
      - { source: srv, target: /b }
      - { source: /srv/data, target: /b }
  - id: env_1
    engine: podmn
"""

# Where each mistake is, and what the line about it says.
MISTAKES = [
    ("2:1", "unknown key 'instnce': did you mean 'instance'?"),
    ("4:21", "must be written unix:///run/docker.sock"),
    ("5:63", "launches: must be from 1 to 64, not '0'"),
    ("6:14", "did you mean 'leave'?"),
    ("9:15", "did you mean 'key'?"),
    ("13:11", "did you mean 'always'?"),
    ("14:17", "unknown key 'sesson': did you mean 'session'?"),
    ("14:36", "start: must be a duration such as 30s or 1h30m, not '10'"),
    ("15:14", "did you mean 'unrestricted'?"),
    ("16:12", "env: 'ANTHROPIC_WORK_ID': ANTHROPIC_* is set by berth alone"),
    ("17:15", "labels: 'berth.work': berth.* is set by berth alone"),
    ("19:9", "mounts: source '/etc' would give the session /etc of the host"),
    ("20:9", "mounts: source '/srv' is in no directory that policy 'hardened' opens"),
    ("20:9", "mounts: target '/proc' must be"),
    ("21:19", "source: must be a path that starts with /"),
    ("22:9", "mounts: source '/srv/data' is in no directory that policy 'hardened' opens"),
    ("23:9", "'env_1' is the id of another environment too"),
    ("24:13", "engine: 'podmn' is not one of docker, podman: did you mean 'podman'?"),
]

POLICY = """memry: 1GiB
user: 0:0
capabilities: [NET_ADMN]
unenforced: [memori]
seccomp: unconfined
network: nonne
pids: 3
tmpfs:
  - { path: relative, size: 1MiB }
  - { path: /a, mode: "4755" }
"""

POLICY_MISTAKES = [
    ("1:1", "did you mean 'memory'?"),
    ("2:7", "must not be root"),
    ("3:16", "did you mean 'NET_ADMIN'?"),
    ("4:14", "did you mean 'memory'?"),
    ("5:10", "a session never runs without one"),
    ("6:10", "did you mean 'none'?"),
    ("7:7", "must be from 16 to"),
    ("9:13", "must be an absolute path"),
    ("10:5", "'size' is missing"),
    ("10:23", "set-user-id"),
]


class MistakeCase(PrintCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("key", "sk-test\n", 0o600)
        self.write("policies/hardened.yaml", "{}\n")

    def problems(self) -> list[str]:
        result = berth("check", "fleet.yaml", cwd=self.dir)
        self.assertEqual((result.returncode, result.stdout), (78, ""))
        return result.stderr.splitlines()


class AFileThatIsTooLarge(MistakeCase):
    def test_is_refused_with_the_limit(self) -> None:
        self.write("fleet.yaml", "#" * (3 << 20))
        self.assertEqual(self.problems(),
                         ["fleet.yaml: cannot read 'fleet.yaml': it is larger than 1MiB"])

    def test_is_refused_as_a_key_too(self) -> None:
        self.write("key", "k" * (3 << 20), 0o600)
        self.write("fleet.yaml", "version: 1\nenvironments: [{ id: e, key: { file: key } }]\n")
        self.assertEqual(self.problems(), ["fleet.yaml:2:30: cannot read key file 'key': it is "
                                           "larger than 16KiB"])


class TenMistakes(MistakeCase):
    def assert_told(self, lines: list[str], file: str, mistakes: list[tuple[str, str]]) -> None:
        self.assertGreaterEqual(len(mistakes), 10)
        self.assertEqual(len(lines), len(mistakes), "\n".join(lines))
        for line, (place, words) in zip(lines, mistakes):
            self.assertTrue(line.startswith(f"{file}:{place}: ") and words in line,
                            f"{file}:{place}: {words}\n" + "\n".join(lines))

    def test_in_a_fleet_file_are_told_in_one_go_in_their_order(self) -> None:
        self.write("fleet.yaml", FLEET)
        self.assert_told(self.problems(), "fleet.yaml", MISTAKES)

    def test_in_a_policy_are_told_in_one_go_in_their_order(self) -> None:
        self.write("fleet.yaml", "version: 1\nenvironments: [{ id: e, key: { file: key } }]\n")
        self.write("policies/hardened.yaml", POLICY)
        self.assert_told(self.problems(), "policies/hardened.yaml", POLICY_MISTAKES)


class OneMistake(MistakeCase):
    def test_in_the_name_of_a_policy_is_told_with_its_place(self) -> None:
        self.write("fleet.yaml", "version: 1\nenvironments:\n"
                                 "  - { id: e, key: { file: key }, policy: hardned }\n")
        [line] = self.problems()
        self.assertRegex(line, r"^fleet\.yaml:3:42: .*did you mean 'hardened'\?")

    def test_in_what_should_be_a_section_names_its_key_and_shows_one(self) -> None:
        for line, words in (("key: key", "key: a section of KEY: value is expected here, such as "
                                         "{ file: PATH }"),
                            ("timeouts: 1m", "timeouts: a section of KEY: value is expected here, "
                                             "such as { start: 60s }")):
            self.write("fleet.yaml", f"version: 1\ndefaults: {{ key: {{ file: key }} }}\n"
                                     f"environments:\n  - id: e\n    {line}\n")
            self.assertEqual(self.problems(), [f"fleet.yaml:5:{7 + line.index(' ') - 1}: {words}"])

    def test_of_merge_keys_is_told_with_what_there_is_instead(self) -> None:
        self.write("fleet.yaml", "version: 1\ndefaults: &d { key: { file: key } }\n"
                                 "environments:\n  - id: e\n    <<: *d\n")
        [line] = self.problems()
        self.assertRegex(line, r"^fleet\.yaml:5:5: unknown key '<<': YAML's merge keys are not "
                               r"supported: .*defaults:")

    def test_in_a_policy_further_down_is_told_where_it_was_made(self) -> None:
        self.write("fleet.yaml", "version: 1\nenvironments:\n"
                                 "  - { id: e, key: { file: key }, policy: own }\n")
        for text, words in {
                "extends: hardned\n": "own.yaml:1:10: extends: policy 'hardned' not found",
                "pids: 64\nextends: own\n": "own.yaml:2:10: extends: a policy cannot extend itself",
                "seccomp: own.json\n": "own.yaml:1:10: seccomp: cannot read 'own.json' beside",
                "mounts: { roots: [/etc] }\n": "own.yaml:1:19: roots: '/etc' would give"}.items():
            with self.subTest(text):
                self.write("policies/own.yaml", text)
                [line] = self.problems()
                self.assertIn(words, line)

    def test_in_a_mount_that_a_link_leads_elsewhere_is_told_with_its_place(self) -> None:
        folder = self.write("shared/.keep", "").parent
        (folder / "link").symlink_to("/etc")
        self.write("policies/hardened.yaml", f"mounts: {{ roots: [{folder}] }}\n")
        self.write("fleet.yaml", "version: 1\nenvironments:\n  - id: e\n    key: { file: key }\n"
                                 f"    mounts: [{{ source: {folder}/link, target: /x }}]\n")
        [line] = self.problems()
        self.assertRegex(line, r"^fleet\.yaml:5:14: mounts: source '.*/link' leads to '/etc' by a "
                               r"symbolic link: name the one that is meant$")

    def test_in_the_defaults_does_not_make_environments_incomplete(self) -> None:
        """Key and engine are said there; that another key there is wrong does not take them away."""
        self.write("fleet.yaml", "version: 1\n"
                                 "engines: { a: { socket: unix:///a }, b: { socket: unix:///b } }\n"
                                 "defaults: { key: { file: key }, engine: a, pul: never }\n"
                                 "environments: [{ id: e }, { id: f }]\n")
        self.assertEqual(self.problems(),
                         ["fleet.yaml:3:44: unknown key 'pul': did you mean 'pull'?"])


class AMistakeOnTheCommandLine(PrintCase):
    def test_in_a_value_by_itself_is_told_by_the_command_that_got_it(self) -> None:
        for flag, value, words in (("engine", "tcp://x", "'tcp://x' is no socket of this machine"),
                                   ("instance", "a b", "must be 1 to 128 of the characters"),
                                   ("environment-id", "a/b", "must be 1 to 128 of the characters"),
                                   ("image", "-x y", "a name is made of"),
                                   ("sessions", "many", "must be a whole number, not 'many'"),
                                   ("sessions", "0", "must be from 1 to 10000, not '0'"),
                                   ("credential", "kye", "must be one of"),
                                   ("state-dir", "", "must not be empty")):
            result = berth("drain", f"--{flag}", value)
            self.assertEqual((result.returncode, result.stdout), (64, ""), flag)
            self.assertRegex(result.stderr, rf"^berth drain: --{flag}: .*{re.escape(words)}.*\n"
                                            r"Try 'berth drain --help'\.\n$")

    def test_in_a_variable_is_one_of_the_configuration(self) -> None:
        result = berth("drain", "--environment-id", "e", BERTH_ENGINE="tcp://x")
        self.assertEqual(result.returncode, 78)
        self.assertIn("BERTH_ENGINE: 'tcp://x' is no socket", result.stderr)

    def test_that_says_nothing_is_one_in_usage(self) -> None:
        for words, operands in ((("logs", ""), "SESSION"), (("stop", ""), "SESSION"),
                                (("queue", "stop", ""), "ITEM"), (("check", ""), "[FILE ...]")):
            result = berth(*words)
            self.assertEqual((result.returncode, result.stdout), (64, ""), words)
            self.assertIn(f": {operands}: must not be empty\n", result.stderr)

    def test_is_told_with_what_was_probably_meant(self) -> None:
        for words, meant in (("drian", "drain"), ("run --cofig x", "--config"),
                             ("run --credential kye", "key"), ("run --log-level warn", "warning"),
                             ("plan --api dockr", "docker"), ("ps -o jsn", "json"),
                             ("help versjon", "version"), ("completion fihs", "fish")):
            result = berth(*words.split())
            self.assertEqual((result.returncode, result.stdout), (64, ""), words)
            self.assertRegex(result.stderr, rf"did you mean '{re.escape(meant)}'\?")
