# SPDX-License-Identifier: Apache-2.0
"""`make install` and `make uninstall`, into folders of the test's own."""
import re
import subprocess
from pathlib import Path

from program import BERTH, ROOT, PrintCase, environment

BUILD = Path(BERTH).parent
VARIANT = BUILD.name


class InstallCase(PrintCase):
    """self.make("install") puts this build below self.dir/root."""

    variables: dict[str, str] = {}
    prefix = "/usr/local"

    def setUp(self) -> None:
        super().setUp()
        self.root = self.dir / "root"
        self.make("install")
        self.addCleanup(self.make, "uninstall")

    def make(self, target: str) -> None:
        """Not `make` itself, which would build anew what other tests are running."""
        share = f"{self.prefix}/share"
        folders = {"DESTDIR": str(self.root), "bindir": f"{self.prefix}/bin", "datadir": share,
                   "mandir": f"{share}/man", "docdir": f"{share}/doc/berth",
                   "sysconfdir": "/etc", "unitdir": f"{self.prefix}/lib/systemd",
                   "bashcompdir": f"{share}/bash-completion/completions",
                   "zshcompdir": f"{share}/zsh/site-functions",
                   "fishcompdir": f"{share}/fish/vendor_completions.d", **self.variables}
        result = subprocess.run([ROOT / "orchestrator/share/install.sh", target, str(BUILD)],
                                env=environment(**folders), text=True, capture_output=True,
                                timeout=60)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    def installed(self) -> dict[str, Path]:
        return {"/" + str(path.relative_to(self.root)): path
                for path in self.root.rglob("*") if path.is_file()}

    def run_installed(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = self.root / f"{self.prefix}/bin/berth".removeprefix("/")
        return subprocess.run([program, *arguments], cwd=self.dir, env=environment(), text=True,
                              capture_output=True, timeout=60)


class AnInstallation(InstallCase):
    def test_has_everything_in_its_place(self) -> None:
        files = self.installed()
        for path in ("bin/berth", "share/berth/policies/hardened.yaml",
                     "share/berth/policies/strict.yaml",
                     "share/berth/policies/strict-seccomp.json",
                     "share/berth/policies/gvisor.yaml", "share/berth/policies/trusted.yaml",
                     "share/berth/berth.schema.json", "share/berth/berth-policy.schema.json",
                     "share/man/man1/berth.1", "share/man/man5/berth.yaml.5",
                     "share/man/man5/berth-policy.5", "share/bash-completion/completions/berth",
                     "share/zsh/site-functions/_berth", "share/fish/vendor_completions.d/berth.fish",
                     "share/doc/berth/README.md", "share/doc/berth/examples/one-host.yaml",
                     "lib/systemd/system/berth.service"):
            self.assertIn(f"/usr/local/{path}", files)
        self.assertEqual([path for path in files if path.endswith(".new")], [])

    def test_can_be_read_by_all_and_written_by_its_owner(self) -> None:
        for name, path in self.installed().items():
            mode = path.stat().st_mode & 0o777
            self.assertEqual(mode, 0o755 if name.endswith("/bin/berth") else 0o644, name)

    def test_finds_its_own_policies(self) -> None:
        self.write("key", "sk-test\n", 0o600)
        self.write("fleet.yaml", "version: 1\nstate_dir: state\n"
                                 "environments: [{ id: e, key: { file: key } }]\n")
        result = self.run_installed("check", "fleet.yaml")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn(f"policies from {self.root}/usr/local/share/berth/policies", result.stdout)

    def test_is_overwritten_by_the_next_one(self) -> None:
        before = self.installed()
        self.make("install")
        self.assertEqual(self.installed(), before)

    def test_names_itself_in_its_units_and_examples(self) -> None:
        files = self.installed()
        for name, path in files.items():
            if name.endswith(".service"):
                for line in re.findall(r"^ExecStart=(\S+)", path.read_text(), re.MULTILINE):
                    self.assertEqual(line, "/usr/local/bin/berth")


class AnUninstall(InstallCase):
    def test_takes_away_all_that_was_installed(self) -> None:
        self.make("uninstall")
        self.assertEqual(self.installed(), {})
        self.assertEqual([path for path in self.root.rglob("*berth*")], [])

    def test_leaves_what_was_not_installed(self) -> None:
        share = self.root / "usr/local/share"
        kept = [share / "berth/policies/own.yaml", share / "man/man1/other.1"]
        for file in kept:
            file.write_text("")
        self.make("uninstall")
        self.assertEqual(sorted(self.installed().values()), sorted(kept))

    def test_leaves_the_folders_that_belong_to_all(self) -> None:
        self.make("uninstall")
        self.assertTrue((self.root / "usr/local/bin").is_dir())
        self.assertTrue((self.root / "usr/local/share/man/man1").is_dir())

    def test_of_nothing_is_fine(self) -> None:
        self.make("uninstall")
        self.make("uninstall")


class AnInstallationElsewhere(InstallCase):
    prefix = "/opt/berth"
    variables = {"bindir": "/opt/berth/sbin", "sysconfdir": "/opt/berth/etc",
                 "mandir": "/usr/share/man"}

    def test_names_its_own_paths_in_its_units(self) -> None:
        files = self.installed()
        unit = files["/opt/berth/lib/systemd/system/berth.service"].read_text()
        self.assertIn("ExecStart=/opt/berth/sbin/berth run --config /opt/berth/etc/berth/", unit)
        self.assertIn("/opt/berth/sbin/berth", files)
        self.assertIn("/usr/share/man/man1/berth.1", files)
        for path in files.values():
            if path.suffix in (".service", ".timer", ".yaml"):
                self.assertNotIn("/usr/local/bin", path.read_text())


class TheMakefile(PrintCase):
    """What make tells install.sh; nothing is built for another prefix here."""

    def commands(self, target: str, *variables: str) -> str:
        result = subprocess.run(["make", "-n", "--no-print-directory", f"VARIANT={VARIANT}",
                                 target, *variables], cwd=ROOT, env=environment(), text=True,
                                capture_output=True, timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)
        [line] = re.findall(r"^DESTDIR=.*?(?:\\\n.*?)*$", result.stdout, re.MULTILINE)
        return line

    def test_derives_all_folders_from_the_prefix(self) -> None:
        line = self.commands("install", "PREFIX=/usr", "DESTDIR=/tmp/x")
        for word in ("DESTDIR='/tmp/x'", "bindir='/usr/bin'", "mandir='/usr/share/man'",
                     "sysconfdir='/etc'", "unitdir='/usr/lib/systemd'",
                     "zshcompdir='/usr/share/zsh/vendor-completions'"):
            self.assertIn(word, line)

    def test_takes_each_folder_by_itself(self) -> None:
        line = self.commands("uninstall", "mandir=/m", "docdir=/d")
        for word in ("mandir='/m'", "docdir='/d'", "bindir='/usr/local/bin'"):
            self.assertIn(word, line)
