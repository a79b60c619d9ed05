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
    ("16:9", "'env_1' is the id of another environment too"),
    ("17:13", "engine: 'podmn' is not one of docker, podman: did you mean 'podman'?"),
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
    ("10:23", "set-user-id"),
    ("10:5", "'size' is missing"),
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


class TenMistakes(MistakeCase):
    def assert_told(self, lines: list[str], file: str, mistakes: list[tuple[str, str]]) -> None:
        self.assertGreaterEqual(len(mistakes), 10)
        for place, words in mistakes:
            self.assertTrue(any(line.startswith(f"{file}:{place}: ") and words in line
                                for line in lines), f"{file}:{place}: {words}\n" + "\n".join(lines))
        self.assertEqual(len(lines), len(mistakes), "\n".join(lines))

    def test_in_a_fleet_file_are_told_in_one_go_each_with_its_place(self) -> None:
        self.write("fleet.yaml", FLEET)
        self.assert_told(self.problems(), "fleet.yaml", MISTAKES)

    def test_in_a_policy_are_told_in_one_go_each_with_its_place(self) -> None:
        self.write("fleet.yaml", "version: 1\nenvironments: [{ id: e, key: { file: key } }]\n")
        self.write("policies/hardened.yaml", POLICY)
        self.assert_told(self.problems(), "policies/hardened.yaml", POLICY_MISTAKES)


class OneMistake(MistakeCase):
    def test_in_the_name_of_a_policy_is_told_with_its_place(self) -> None:
        self.write("fleet.yaml", "version: 1\nenvironments:\n"
                                 "  - { id: e, key: { file: key }, policy: hardned }\n")
        [line] = self.problems()
        self.assertRegex(line, r"^fleet\.yaml:3:42: .*did you mean 'hardened'\?")

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
        self.assertRegex(line, r"^fleet\.yaml:5:13: mounts: source '.*/link' leads to '/etc' by a "
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
    def test_is_told_with_what_was_probably_meant(self) -> None:
        for words, meant in (("drian", "drain"), ("run --cofig x", "--config"),
                             ("run --credential kye", "key"), ("run --log-level warn", "warning"),
                             ("plan --api dockr", "docker"), ("ps -o jsn", "json"),
                             ("help versjon", "version"), ("completion fihs", "fish")):
            result = berth(*words.split())
            self.assertEqual((result.returncode, result.stdout), (64, ""), words)
            self.assertRegex(result.stderr, rf"did you mean '{re.escape(meant)}'\?")
