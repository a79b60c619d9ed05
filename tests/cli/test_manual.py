# SPDX-License-Identifier: Apache-2.0
"""The manual pages: what three programs that read them say, and whether all is in them."""
import json
import re
import subprocess

from program import BERTH, ROOT, PrintCase, berth, environment

PAGES = {"berth.1", "berth.yaml.5", "berth-policy.5"}
FOLDER = (ROOT / BERTH).parent / "share"


def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment(**more), text=True, capture_output=True,
                          timeout=60)


def rendered(page: str) -> str:
    """As a reader sees it, in one paragraph, without hyphenation."""
    result = run("mandoc", "-T", "utf8", "-O", "width=1000", str(FOLDER / page))
    return re.sub(r"\s+", " ", re.sub(r".\x08", "", result.stdout))


class Manual(PrintCase):
    def test_has_these_pages(self) -> None:
        self.assertEqual({path.name for path in FOLDER.iterdir()}, PAGES)

    def test_is_read_by_man_without_a_warning(self) -> None:
        for page in PAGES:
            for width in ("60", "80", "120"):
                result = run("man", "--warnings", "-E", "UTF-8", "-l", str(FOLDER / page),
                             MANWIDTH=width, MAN_KEEP_FORMATTING="1")
                self.assertEqual((result.returncode, result.stderr), (0, ""), page)

    def test_is_read_by_groff_without_a_warning(self) -> None:
        for page in PAGES:
            for device in ("utf8", "ascii", "ps"):
                result = run("groff", "-ww", "-mandoc", f"-T{device}", str(FOLDER / page))
                self.assertEqual((result.returncode, result.stderr), (0, ""), page)

    def test_is_read_by_mandoc_without_a_warning(self) -> None:
        for page in PAGES:
            result = run("mandoc", "-T", "lint", "-W", "warning", str(FOLDER / page))
            self.assertEqual((result.returncode, result.stdout), (0, ""), page)

    def test_has_no_placeholder_left(self) -> None:
        for page in PAGES:
            self.assertNotRegex((FOLDER / page).read_text(), r"@\w+@")

    def test_has_every_command_and_flag(self) -> None:
        text = rendered("berth.1")
        for verb in re.findall(r"^  (\S+(?: \S+)?)  ", berth("--help").stdout, re.MULTILINE):
            self.assertIn(f" berth {verb} [flags]", text)
            for flag in re.findall(r"^ .*?(--[a-z-]+)", self.prints(*verb.split(), "--help"),
                                   re.MULTILINE):
                self.assertTrue(flag == "--help" or flag in text, f"{verb} {flag}")

    def test_has_nothing_to_type_with_hyphens_in_place_of_minus_signs(self) -> None:
        for page in PAGES:
            source = (FOLDER / page).read_text()
            for flag in re.findall(r"\bFl .*", source) + self.blocks(page):
                self.assertNotRegex(flag, r"(?<!\\)-")

    def test_has_every_event_that_the_read_me_names(self) -> None:
        text = rendered("berth.1")
        table = re.search(r"\| about \| events \|\n(.*?)\n\n", (ROOT / "README.md").read_text(),
                          re.DOTALL)
        for event in re.findall(r"`(\w+)`", table.group(1)):
            self.assertTrue(re.search(rf"\b{event}\b", text), event)

    def test_has_every_exit_code(self) -> None:
        codes = re.findall(r"EXIT_\w+ = (\d+)", (ROOT / "orchestrator/cli/exit.h").read_text())
        text = rendered("berth.1").split("EXIT STATUS")[1].split("EXAMPLES")[0]
        for code in codes:
            self.assertRegex(text, rf" {code} [A-Z]")

    def test_has_every_key_of_a_file_with_its_default(self) -> None:
        for kind, page in (("fleet", "berth.yaml.5"), ("policy", "berth-policy.5")):
            text = rendered(page)
            for key, schema in self.keys(json.loads(self.prints("schema", kind))):
                at = text.find(f" {key}: ")
                self.assertGreater(at, 0, f"{page}: {key}")
                if "default" in schema:
                    default = str(schema["default"])
                    default = default.lower() if default in ("True", "False") else default
                    self.assertIn(f"Default: {default}.", text)

    def keys(self, schema: dict):
        for key, member in schema.get("properties", {}).items():
            yield key, member
            yield from self.keys(member)
            yield from self.keys(member.get("items", {}))

    def test_gives_examples_that_are_fine(self) -> None:
        self.write("key", "sk-test\n", 0o600)
        self.write("policies/strict.yaml", "{}\n")
        fleets = self.examples("berth.yaml.5", "version: 1")
        self.assertEqual(len(fleets), 2)
        for text in fleets:
            text = re.sub(r"file: [\w/.]+", "file: key", text)
            result = berth("check", self.write("fleet.yaml", text).name, cwd=self.dir)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
        [policy] = self.examples("berth-policy.5", "memory:")
        self.write("policies/compute.yaml", policy)
        result = berth("plan", "--environment-id", "e", "--policy-dir", "policies", "--policy",
                       "compute", "--state-dir", "state", cwd=self.dir)
        self.assertEqual(result.returncode, 0, result.stderr)

    def blocks(self, page: str) -> list[str]:
        """What is printed literally."""
        return re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", (FOLDER / page).read_text(),
                          re.DOTALL | re.MULTILINE)

    def examples(self, page: str, beginning: str) -> list[str]:
        blocks = [block.replace("\\-", "-") for block in self.blocks(page)]
        return [block for block in blocks if block.startswith(beginning)]
