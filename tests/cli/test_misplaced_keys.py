# SPDX-License-Identifier: Apache-2.0
"""A key that somebody wrote where none belongs: nothing that is printed repeats it."""
from program import PrintCase, berth

KEY = "sk-ant-api03-Ab_9-misplaced"
FLEET = "version: 1\nenvironments:\n  - id: env_1\n"
ITSELF = "this is a key itself: write it into a file that only berth's user can read"


class AMisplacedKey(PrintCase):
    def setUp(self) -> None:
        super().setUp()
        self.write("key", f"{KEY}\n", 0o600)
        self.write("policies/hardened.yaml", "{}\n")

    def refused(self, exit_code: int, *arguments: str, **more: str) -> str:
        """What was said, of whatever was on stdout or stderr."""
        result = berth(*arguments, cwd=self.dir, **more)
        self.assertEqual(result.returncode, exit_code, (arguments, result.stderr))
        self.assertNotIn("misplaced", result.stdout + result.stderr, arguments)
        return result.stdout + result.stderr

    def test_as_the_source_of_a_key_is_told_from_one_with_the_remedy(self) -> None:
        for key in (KEY, f"{{ file: {KEY} }}", f"{{ env: {KEY} }}", f"{{ credential: {KEY} }}"):
            self.write("fleet.yaml", f"{FLEET}    key: {key}\n")
            for output in ("table", "json"):
                said = self.refused(78, "check", "fleet.yaml", "-o", output)
                self.assertIn(f"fleet.yaml:4:10: key: {ITSELF} (chmod 600)", said)
                self.assertIn("must be rotated", said)

    def test_as_the_name_of_a_key_file_is_told_from_one(self) -> None:
        words = ("drain", "--environment-id", "env_1")
        self.assertIn(f"--environment-key-file: {ITSELF}",
                      self.refused(64, *words, "--environment-key-file", KEY))
        self.assertIn(f"ANTHROPIC_ENVIRONMENT_KEY_FILE: {ITSELF}",
                      self.refused(78, *words, ANTHROPIC_ENVIRONMENT_KEY_FILE=KEY))

    def test_in_a_fleet_file_is_not_repeated(self) -> None:
        for line in (f"credential: {KEY}", f"{KEY}: 1", f"name: {KEY}",
                     f"policy: {KEY}", f"sessions: {KEY}", f"key: {{ {KEY}: 1 }}",
                     f"network: {KEY}", f"env: {{ {KEY}: 1 }}", f"image: x@{KEY}"):
            self.write("fleet.yaml", f"{FLEET}    {line}\n")
            for output in ("table", "json"):
                self.assertIn("sk-ant-***", self.refused(78, "check", "fleet.yaml", "-o", output))

    def test_on_the_command_line_is_not_repeated(self) -> None:
        for words in (("drain", KEY), (KEY,), ("queue", KEY), ("help", KEY), ("run", f"--{KEY}"),
                      ("run", "--log-level", KEY), ("drain", "--max-time", KEY),
                      ("completion", KEY), ("drain", "--environment-id", KEY)):
            self.assertIn("sk-ant-***", self.refused(64, *words))
        self.assertIn("sk-ant-***", self.refused(78, "check", KEY))

    def test_in_a_variable_or_label_is_masked_in_the_plan(self) -> None:
        self.write("fleet.yaml", f"{FLEET}    key: {{ file: key }}\n"
                                 f"    env: {{ TOKEN: {KEY} }}\n    labels: {{ l: a {KEY} b }}\n")
        for api in ("docker", "podman"):
            result = berth("plan", "--config", "fleet.yaml", "--api", api, cwd=self.dir)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertNotIn("misplaced", result.stdout)
            self.assertIn("a sk-ant-*** b", result.stdout)

    def test_as_the_image_is_not_shown_by_a_check(self) -> None:
        self.write("fleet.yaml", f"{FLEET}    key: {{ file: key }}\n"
                                 f"    image: {KEY.lower()}\n")
        for output in ("table", "json"):
            self.assertIn("sk-ant-***", self.refused(0, "check", "fleet.yaml", "-o", output))


class AKeyInItsFile(PrintCase):
    def test_is_read(self) -> None:
        self.write("key", f"{KEY}\n", 0o600)
        self.write("policies/hardened.yaml", "{}\n")
        self.write("fleet.yaml", f"{FLEET}    key: {{ file: key }}\n")
        self.assertIn("fleet.yaml: fine", self.prints("check", "fleet.yaml"))
