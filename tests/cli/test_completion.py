# SPDX-License-Identifier: Apache-2.0
"""Completion, asked for in the real shells."""
import os
import pty
import re
import select
import subprocess
import time

from program import PrintCase, berth, environment

SECONDS = 60


class ShellCase(PrintCase):
    """self.complete("berth dr") is what the shell offers for the last word."""

    shell = ""

    def setUp(self) -> None:
        super().setUp()
        self.script = self.write(f"script.{self.shell}", self.prints("completion", self.shell))
        self.write("fleet.yaml", "")
        (self.dir / "folder").mkdir()
        # What completion asks for sessions: a table as `berth ps` prints it.
        self.write("bin/berth", "#!/bin/sh\necho 'ENVIRONMENT  SESSION  WORK'\n"
                                "echo 'build        sesn_1   work_1'\n"
                                "echo 'build        $(>odd)  work_2'\n"
                                "echo 'build        `>odd`   work_3'\n", 0o755)
        self.environ = environment(HOME=str(self.dir), TERM="dumb")
        self.environ["PATH"] = f"{self.dir}/bin:" + self.environ["PATH"]

    def complete(self, line: str) -> list[str]:
        raise NotImplementedError

    def run_shell(self, *command: str) -> str:
        result = subprocess.run(command, cwd=self.dir, env=self.environ, text=True,
                                stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def verbs(self) -> list[str]:
        """As --help lists them, some of two words."""
        return re.findall(r"^  (\S+(?: \S+)?)  ", self.prints("--help"), re.MULTILINE)

    def flags_in_help(self, *words: str) -> set[str]:
        return set(re.findall(r"^ .*?(--[a-z-]+)", self.prints(*words, "--help"), re.MULTILINE))


class Bash(ShellCase):
    shell = "bash"

    def complete(self, line: str) -> list[str]:
        words = line.replace("=", " = ").split(" ")
        # "a=" is two words to bash, not three.
        words = words[:-1] if line.endswith("=") else words
        quoted = " ".join(f"'{word}'" for word in words)
        return self.run_shell("bash", "--norc", "-c", f"""
            source {self.script}
            COMP_WORDS=({quoted}) COMP_CWORD={len(words) - 1}
            _berth berth
            printf '%s\\n' "${{COMPREPLY[@]}}" """).split()

    def test_offers_the_commands_that_begin_so(self) -> None:
        self.assertEqual(self.complete("berth dr"), ["drain"])
        self.assertEqual(self.complete("berth help ver"), ["version"])

    def test_offers_every_command(self) -> None:
        first = {verb.split()[0] for verb in self.verbs()}
        self.assertEqual(set(self.complete("berth ")), first | {"help"})
        for verb in self.verbs():
            if " " in verb:
                self.assertIn(verb.split()[1], self.complete(f"berth {verb.split()[0]} "))

    def test_offers_every_flag_of_a_command(self) -> None:
        for verb in self.verbs():
            self.assertEqual(set(self.complete(f"berth {verb} -")),
                             self.flags_in_help(*verb.split()))

    def test_offers_the_choices_of_a_flag(self) -> None:
        self.assertEqual(self.complete("berth run --credential "), ["auto", "secret", "key"])
        self.assertEqual(self.complete("berth run --credential=s"), ["secret"])
        self.assertEqual(self.complete("berth run --credential="), ["auto", "secret", "key"])
        self.assertEqual(self.complete("berth version -o "), ["text", "json"])
        self.assertEqual(self.complete("berth ps -o "), ["table", "json"])

    def test_offers_files_and_folders_where_they_belong(self) -> None:
        self.assertEqual(self.complete("berth run --config fl"), ["fleet.yaml"])
        self.assertEqual(self.complete("berth check fl"), ["fleet.yaml"])
        self.assertEqual(self.complete("berth run --policy-dir f"), ["folder"])
        self.assertEqual(self.complete("berth run --image f"), [])

    def test_offers_the_words_of_an_operand(self) -> None:
        self.assertEqual(self.complete("berth schema "), ["fleet", "include", "policy"])

    def test_offers_nothing_behind_a_command_that_there_is_not(self) -> None:
        self.assertEqual(self.complete("berth nothing "), [])

    def test_offers_the_sessions_that_there_are(self) -> None:
        for verb in self.verbs():
            if re.search(r"^Usage: .*\bSESSION", self.prints(*verb.split(), "--help")):
                self.assertEqual(self.complete(f"berth {verb} "), ["sesn_1"])
        self.assertFalse((self.dir / "odd").exists())


class Zsh(ShellCase):
    shell = "zsh"

    def complete(self, line: str) -> str:
        """The line as completion leaves it: typed into an interactive shell, then printed by it.
        What the shell would take back when more is typed (a space, a slash) is not there."""
        begin, end = "<begin>", "<end>"
        keys = f"{line}\t\x01print -r '{begin[:3]}''{begin[3:]}'\"\x05\"'{end[:3]}''{end[3:]}'\n"
        shell, terminal = pty.openpty()
        process = subprocess.Popen(["zsh", "-f", "-i"], cwd=self.dir, env=self.environ,
                                   stdin=terminal, stdout=terminal, stderr=terminal,
                                   start_new_session=True)
        os.close(terminal)
        try:
            os.write(shell, f"autoload -Uz compinit; compinit -D -u; bindkey -e; PS1=; "
                            f"source {self.script}; print rea''dy\n".encode())
            self.read_until(shell, "ready")
            os.write(shell, keys.encode())
            text = self.read_until(shell, end)
        finally:
            process.kill()
            process.wait()
            os.close(shell)
        return text.rsplit(begin, 1)[1].removesuffix(end)

    def read_until(self, shell: int, word: str) -> str:
        text, deadline = "", time.monotonic() + SECONDS
        while word not in text:
            readable, _, _ = select.select([shell], [], [], max(0, deadline - time.monotonic()))
            self.assertTrue(readable, f"no {word} in {text!r}")
            text += os.read(shell, 4096).decode(errors="replace")
        return text[:text.index(word) + len(word)]

    def test_completes_a_command(self) -> None:
        self.assertEqual(self.complete("berth dr"), "berth drain")

    def test_completes_a_command_to_be_helped_with(self) -> None:
        self.assertEqual(self.complete("berth help ver"), "berth help version")

    def test_completes_a_flag_and_its_choice(self) -> None:
        self.assertEqual(self.complete("berth drain --max-s"), "berth drain --max-sessions")
        self.assertEqual(self.complete("berth run --credential s"), "berth run --credential secret")
        self.assertEqual(self.complete("berth run --credential=s"), "berth run --credential=secret")
        self.assertEqual(self.complete("berth version -o j"), "berth version -o json")

    def test_completes_files_and_folders(self) -> None:
        self.assertEqual(self.complete("berth check fl"), "berth check fleet.yaml")
        self.assertEqual(self.complete("berth run --policy-dir f"), "berth run --policy-dir folder")

    def test_completes_the_words_of_an_operand(self) -> None:
        self.assertEqual(self.complete("berth completion f"), "berth completion fish")

    def test_finds_the_script_by_its_name_in_fpath(self) -> None:
        self.script.rename(self.dir / "_berth")
        self.script = self.write("script.zsh", "")
        self.environ["FPATH"] = f"{self.dir}:" + self.run_shell("zsh", "-f", "-c",
                                                                "print -n $FPATH")
        self.assertEqual(self.complete("berth dr"), "berth drain")
        self.assertEqual(self.complete("berth ps -o t"), "berth ps -o table")


class Fish(ShellCase):
    shell = "fish"

    def complete(self, line: str) -> list[str]:
        output = self.run_shell("fish", "--no-config", "-c",
                                f"source {self.script}; complete -C'{line}'")
        return [row.split("\t")[0] for row in output.splitlines()]

    def test_offers_the_commands_that_begin_so(self) -> None:
        self.assertEqual(self.complete("berth dr"), ["drain"])
        self.assertEqual(self.complete("berth help ver"), ["version"])

    def test_offers_every_flag_of_a_command(self) -> None:
        for verb in self.verbs():
            flags = {flag.removesuffix("=") for flag in self.complete(f"berth {verb} --")}
            self.assertEqual(flags, self.flags_in_help(*verb.split()))
            if " " in verb:
                self.assertIn(verb.split()[1], self.complete(f"berth {verb.split()[0]} "))

    def test_offers_the_choices_of_a_flag(self) -> None:
        self.assertEqual(set(self.complete("berth run --credential ")), {"auto", "secret", "key"})
        self.assertEqual(self.complete("berth run --credential=s"), ["--credential=secret"])
        self.assertEqual(set(self.complete("berth version -o ")), {"text", "json"})

    def test_offers_files_and_folders_where_they_belong(self) -> None:
        self.assertEqual(self.complete("berth run --config fl"), ["fleet.yaml"])
        self.assertEqual(self.complete("berth check fl"), ["fleet.yaml"])
        self.assertEqual(self.complete("berth run --policy-dir f"), ["folder/"])
        self.assertEqual(self.complete("berth run --image f"), [])

    def test_offers_the_words_of_an_operand(self) -> None:
        self.assertEqual(set(self.complete("berth schema ")), {"fleet", "include", "policy"})

    def test_offers_the_sessions_that_there_are(self) -> None:
        for verb in self.verbs():
            if re.search(r"^Usage: .*\bSESSION", self.prints(*verb.split(), "--help")):
                self.assertEqual(self.complete(f"berth {verb} "), ["sesn_1"])
        self.assertFalse((self.dir / "odd").exists())


class Completion(PrintCase):
    def test_for_no_shell_or_an_unknown_one_is_a_mistake_in_usage(self) -> None:
        self.assertEqual(berth("completion").returncode, 64)
        result = berth("completion", "bsh")
        self.assertEqual(result.returncode, 64)
        self.assertIn("did you mean 'bash'?", result.stderr)


