# SPDX-License-Identifier: Apache-2.0
"""Under a service manager: what it is told, when the watchdog is fed, and what its units say."""
import json
import os
import re
import signal
import subprocess

from harness import ROOT, FlowCase, berth_program, wait_until
from notifysocket import NotifySocket

PHASES = ("READY", "RELOADING", "STOPPING")


class ServiceCase(FlowCase):
    watchdog_seconds: float | None = None

    def setUp(self) -> None:
        super().setUp()
        self.manager = NotifySocket(self.dir)
        self.addCleanup(self.manager.close)

    def start_service(self, verb: str = "run", *arguments: str, **environ: str):
        environ["NOTIFY_SOCKET"] = str(self.manager.path)
        if self.watchdog_seconds is not None:
            environ["WATCHDOG_USEC"] = str(int(self.watchdog_seconds * 1e6))
        return self.start(verb, *arguments, environ=environ)


class AServiceManager(ServiceCase):
    def test_is_told_that_berth_is_ready_when_what_was_left_is_adopted(self) -> None:
        self.engine.worker("*", "hang")
        [item] = self.queue()
        berth = self.start_service()
        self.manager.wait("READY")
        berth.wait_event("started", work=item["id"])
        berth.kill()

        self.engine.rule(op="list", delay_ms=700)
        berth = self.start_service()
        self.manager.wait_status("starting")
        self.assertEqual(self.manager.told("READY"), ["1"])
        self.manager.wait("READY", 2)
        self.manager.wait_status("sessions running: 1", "slots taken: 1 of 32", "serving: 1")
        self.assertEqual(berth.terminate(), 0)

    def test_is_not_told_so_by_a_berth_without_an_engine(self) -> None:
        self.place.settings["engine"] = {"socket": f"unix://{self.dir}/nobody"}
        berth = self.start_service()
        self.assert_exit(berth, 69)
        self.assertEqual(self.manager.told("READY"), [])

    def test_reads_how_many_sessions_run_and_slots_are_taken(self) -> None:
        self.engine.worker("*", "hang")
        berth = self.start_service()
        self.manager.wait_status("sessions running: 0, slots taken: 0 of 32")
        items = self.queue(2)
        self.manager.wait_status("sessions running: 2, slots taken: 2 of 32")
        for item in items:
            self.signal_worker(item)
        self.manager.wait_status("sessions running: 0, slots taken: 0 of 32")
        self.assertEqual(berth.terminate(), 0)

    def test_reads_a_new_status_only_when_there_is_news(self) -> None:
        berth = self.start_service()
        self.manager.wait_status("environments serving: 1")
        polls = len(self.cp.log.of("poll"))
        self.cp.wait_requests("poll", polls + 20)
        self.assertEqual(berth.terminate(), 0)
        told = self.manager.told("STATUS")
        for old, new in zip(told, told[1:]):
            self.assertNotEqual(old, new)
        # A poll takes a slot for what it may bring; that is not worth a word.
        self.assertEqual([status for status in told if "slots taken: 0 of 32" not in status], [])

    def test_reads_which_environments_are_rejected_and_which_are_paused(self) -> None:
        rejected = self.serve_another_environment()
        paused = self.serve_another_environment()
        self.cp.fault("poll", environment=rejected["id"], status=401, times=None)
        self.cp.fault("poll", environment=paused["id"], status=503, times=None)
        berth = self.start_service()
        self.manager.wait_status("environments serving: 1, paused: 1, rejected: 1")
        self.assertEqual(berth.terminate(), 0)

    def test_reads_that_the_engine_is_away(self) -> None:
        berth = self.start_service()
        self.manager.wait_status("serving: 1")
        self.engine.vanish()
        self.manager.wait_status("engines away: 1 of 1")
        berth.terminate()

    def test_is_told_of_both_ends_of_a_reload(self) -> None:
        berth = self.start_service()
        self.manager.wait("READY")
        berth.signal(signal.SIGHUP)
        self.manager.wait("READY", 2)
        self.assertEqual(self.manager.order(*PHASES), ["READY", "RELOADING", "READY"])
        self.assertRegex(self.manager.told("MONOTONIC_USEC")[0], r"^\d{6,}$")
        self.assertEqual(berth.terminate(), 0)

    def test_is_told_that_a_berth_that_leaves_its_sessions_stops(self) -> None:
        self.engine.worker("*", "hang")
        [item] = self.queue()
        berth = self.start_service()
        berth.wait_event("started", work=item["id"])
        self.assertEqual(berth.terminate(), 0)
        self.assertEqual(self.manager.order(*PHASES), ["READY", "STOPPING"])
        self.assertEqual(self.manager.told("EXTEND_TIMEOUT_USEC"), ["30000000"])
        self.assertEqual(self.container_of(item)["state"], "running")

    def test_is_asked_for_as_much_time_as_ending_the_sessions_may_take(self) -> None:
        self.place.settings["on_shutdown"] = "stop"
        self.place.environment["timeouts"]["stop_grace"] = "7m"
        self.engine.worker("*", "hang")
        [item] = self.queue()
        berth = self.start_service()
        berth.wait_event("started", work=item["id"])
        self.assertEqual(berth.terminate(), 0)
        self.assertEqual(self.manager.told("EXTEND_TIMEOUT_USEC"), [str((7 * 60 + 30) * 10**6)])
        self.assertEqual(self.place.records(item["id"])[-1]["ended_by"], "shutdown")

    def test_is_asked_for_the_time_of_a_session_that_is_older_than_the_file(self) -> None:
        self.place.settings["on_shutdown"] = "stop"
        self.place.environment["timeouts"]["stop_grace"] = "7m"
        self.engine.worker("*", "hang")
        [item] = self.queue()
        berth = self.start_service()
        berth.wait_event("started", work=item["id"])
        self.place.environment["timeouts"]["stop_grace"] = "1s"
        self.place.write_fleet()
        berth.signal(signal.SIGHUP)
        berth.wait_event("reloaded")
        self.assertEqual(berth.terminate(), 0)
        self.assertEqual(self.manager.told("EXTEND_TIMEOUT_USEC"), [str((7 * 60 + 30) * 10**6)])

    def test_does_not_start_its_clock_while_berth_waits_for_its_sessions(self) -> None:
        self.engine.worker("*", "hang")
        [item] = self.queue()
        berth = self.start_service()
        berth.wait_event("started", work=item["id"])
        berth.signal(signal.SIGQUIT)
        self.manager.wait_status("finishing", "sessions running: 1")
        self.assertEqual(self.manager.told("STOPPING"), [])
        self.signal_worker(item)
        self.assert_exit(berth, 0)
        self.assertEqual(self.manager.order(*PHASES), ["READY", "STOPPING"])

    def test_is_told_of_an_end_that_berth_comes_to_by_itself(self) -> None:
        self.cp.fault("poll", status=401, times=None)
        berth = self.start_service()
        self.assert_exit(berth, 77)
        self.assertEqual(self.manager.order(*PHASES), ["READY", "STOPPING"])

    def test_is_no_concern_of_the_containers(self) -> None:
        [item] = self.queue()
        berth = self.start_service("drain", "--wait", WATCHDOG_USEC="5000000")
        self.assert_exit(berth, 0)
        bodies = [entry["body"] for entry in self.engine.requests("create")]
        self.assertEqual(len(bodies), 1)
        self.assertNotIn("NOTIFY_SOCKET", bodies[0])
        self.assertNotIn("WATCHDOG", bodies[0])
        self.assertEqual(self.manager.order(*PHASES), ["READY", "STOPPING"])


class TheWatchdog(ServiceCase):
    watchdog_seconds = 1.0

    def assert_fed(self) -> None:
        self.manager.wait_more("WATCHDOG", 4)

    def test_is_fed_while_there_is_no_work(self) -> None:
        berth = self.start_service()
        berth.wait_event("idle")
        self.assert_fed()
        self.assertEqual(berth.terminate(), 0)

    def test_is_fed_while_it_waits_as_it_was_told(self) -> None:
        self.cp.fault("poll", status=429, headers={"retry-after": "300"}, times=None)
        berth = self.start_service()
        berth.wait_event("paused")
        self.assert_fed()
        self.assertEqual(len(self.cp.log.of("poll")), 1)
        self.assertEqual(berth.terminate(), 0)

    def test_is_fed_while_the_other_environment_is_rejected(self) -> None:
        self.serve_another_environment()
        self.cp.fault("poll", environment=self.env["id"], status=401, times=None)
        berth = self.start_service()
        berth.wait_event("key_rejected")
        self.assert_fed()
        self.assertEqual(berth.terminate(), 0)

    def test_is_fed_while_there_is_no_slot(self) -> None:
        self.place.environment["sessions"] = 1
        self.engine.worker("*", "hang")
        [item] = self.queue()
        berth = self.start_service()
        berth.wait_event("started", work=item["id"])
        self.assert_fed()
        self.assertEqual(berth.terminate(), 0)

    def test_is_fed_while_the_engine_is_away(self) -> None:
        berth = self.start_service()
        berth.wait_event("idle")
        self.engine.vanish()
        self.manager.wait_status("engines away: 1 of 1")
        self.assert_fed()
        berth.terminate()

    def test_is_fed_while_the_last_session_is_waited_for(self) -> None:
        self.engine.worker("*", "hang")
        [item] = self.queue()
        berth = self.start_service()
        berth.wait_event("started", work=item["id"])
        berth.signal(signal.SIGQUIT)
        berth.wait_event("stopping")
        self.assert_fed()
        self.signal_worker(item)
        self.assert_exit(berth, 0)

    def test_of_another_process_is_not_fed(self) -> None:
        berth = self.start_service(WATCHDOG_PID="1")
        self.cp.wait_requests("poll", 20)
        self.assertEqual(berth.terminate(), 0)
        self.assertEqual(self.manager.told("WATCHDOG"), [])

    def test_is_not_fed_by_a_loop_that_stands_still(self) -> None:
        berth = self.start_service()
        self.assert_fed()
        berth.signal(signal.SIGSTOP)
        told = wait_until(self.feeds_when_quiet)
        berth.signal(signal.SIGCONT)
        wait_until(lambda: len(self.manager.told("WATCHDOG")) > told)
        self.assertEqual(berth.terminate(), 0)

    def test_is_not_fed_while_polls_are_never_answered_and_again_when_one_is(self) -> None:
        self.cp.fault("poll", delay=3600, times=3)
        berth = self.start_service()
        self.assert_fed()
        berth.wait_event("watchdog", seconds=120, level="warning")
        self.manager.wait_status("polls without an answer: 1 of 1")
        # The third poll has ended without an answer; the one after the back-off gets one.
        self.assertEqual(len(self.cp.log.of("poll")), 3)
        told = len(self.manager.told("WATCHDOG"))
        berth.wait_event("watchdog", level="info")
        self.assertLessEqual(len(self.manager.told("WATCHDOG")) - told, 1)
        self.assert_fed()
        self.assertTrue(berth.is_running())
        self.assertEqual(berth.terminate(), 0)

    def feeds_when_quiet(self) -> int | None:
        """How often it was fed, once that has not changed for two intervals."""
        before = len(self.manager.told("WATCHDOG"))
        deadline = os.times().elapsed + 2 * self.watchdog_seconds
        wait_until(lambda: os.times().elapsed > deadline)
        return before if len(self.manager.told("WATCHDOG")) == before else None


# --- check --unit, and the units that come with berth ---------------------------------------------

NARROW = """[Unit]
Description=narrow
[Service]
Type=notify
ExecStart=/usr/local/bin/berth run --config /etc/berth/fleet.yaml
Restart=on-failure
RestartPreventExitStatus=64 77 78
UnsetEnvironment=ANTHROPIC_API_KEY
WatchdogSec=2min
TimeoutStopSec=45
"""


class CheckOfAUnit(FlowCase):
    def setUp(self) -> None:
        super().setUp()
        self.place.settings["on_shutdown"] = "stop"
        self.unit = self.dir / "berth.service"
        self.unit.write_text(NARROW)

    def check(self, *arguments: str):
        self.place.write_fleet()
        berth = self.place.start_plain("check", str(self.place.fleet_file), *arguments)
        berth.wait()
        return berth

    def test_warns_with_file_line_and_remedy_and_refuses_nothing(self) -> None:
        berth = self.check("--unit", str(self.unit))
        self.assert_exit(berth, 0)
        [warning] = berth.stderr.splitlines()
        self.assertTrue(warning.startswith(f"warning: {self.unit}:10: TimeoutStopSec=45: "), warning)
        self.assertTrue(warning.endswith(": say TimeoutStopSec=50s or more"), warning)
        self.assertIn(f"unit {self.unit}\n", berth.stdout)

    def test_says_so_in_json(self) -> None:
        berth = self.check("--unit", str(self.unit), "-o", "json")
        self.assert_exit(berth, 0)
        [report] = json.loads(berth.stdout)
        self.assertTrue(report["ok"])
        self.assertEqual(report["units"], [{"files": [str(self.unit)], "compared": True}])
        [warning] = report["warnings"]
        self.assertTrue(warning.startswith(f"{self.unit}:10: TimeoutStopSec=45: "), warning)

    def test_reads_its_drop_ins(self) -> None:
        drop_in = self.dir / "berth.service.d/time.conf"
        drop_in.parent.mkdir()
        drop_in.write_text("[Service]\nTimeoutStopSec=5min\n")
        berth = self.check("--unit", str(self.unit))
        self.assert_exit(berth, 0)
        self.assertEqual(berth.stderr, "")
        self.assertIn(f"unit {self.unit} (drop-ins: 1)\n", berth.stdout)

    def test_takes_several(self) -> None:
        other = self.dir / "other.service"
        other.write_text(NARROW.replace("=45", "=10"))
        berth = self.check("--unit", str(self.unit), "--unit", str(other))
        self.assert_exit(berth, 0)
        self.assertEqual([line.split(": ")[1] for line in berth.stderr.splitlines()],
                         [f"{self.unit}:10", f"{other}:10"])

    def test_refuses_one_that_it_cannot_read(self) -> None:
        berth = self.check("--unit", str(self.dir / "none.service"))
        self.assert_exit(berth, 78)
        self.assertIn("none.service", berth.stderr)


EXAMPLES = ROOT / "examples"
UNITS = sorted(path.relative_to(EXAMPLES) for kind in ("service", "timer")
               for path in EXAMPLES.rglob(f"*.{kind}"))
FLEETS = sorted(path.relative_to(EXAMPLES) for path in EXAMPLES.rglob("*.yaml")
                if path.name != "compose.yaml" and path.parent.name != "conf.d")


class AnExample(FlowCase):
    """Each is tried out in a copy, with the berth under test where it names an installed one."""

    def setUp(self) -> None:
        super().setUp()
        self.examples = self.dir / "examples"
        for path in [path for path in EXAMPLES.rglob("*") if path.is_file()]:
            copy = self.examples / path.relative_to(EXAMPLES)
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text()
            text = text.replace("/usr/local/bin/berth", berth_program())
            copy.write_text(self.with_keys_of_ours(text))

    def with_keys_of_ours(self, text: str) -> str:
        return re.sub(r"/etc/berth/(?:keys/)?[\w.-]+\.key", str(self.place.key_file), text)

    def test_unit_is_one_that_systemd_finds_nothing_wrong_with(self) -> None:
        self.assertGreaterEqual(len(UNITS), 4)
        for unit in UNITS:
            with self.subTest(unit=str(unit)):
                manager = ["--user"] if unit.parts[0] == "rootless" else []
                run = subprocess.run(
                    ["systemd-analyze", *manager, "--man=no", "verify", str(self.examples / unit)],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    text=True, timeout=60, env={**os.environ, "XDG_RUNTIME_DIR": str(self.dir)})
                self.assertEqual((run.returncode, run.stdout), (0, ""))

    def test_unit_fits_the_example_of_a_fleet(self) -> None:
        services = [unit for unit in UNITS if unit.suffix == ".service"]
        self.assertGreaterEqual(len(services), 3)
        for unit in services:
            with self.subTest(unit=str(unit)):
                berth = self.place.start_plain("check", str(self.examples / "one-host.yaml"),
                                               "--unit", str(self.examples / unit))
                self.assert_exit(berth, 0)
                self.assertEqual(berth.stderr, "")

    def test_fleet_is_one_that_berth_finds_nothing_wrong_with(self) -> None:
        self.assertTrue(FLEETS)
        for fleet in FLEETS:
            with self.subTest(fleet=str(fleet)):
                berth = self.place.start_plain("check", str(self.examples / fleet))
                self.assert_exit(berth, 0)

    def test_compose_file_is_yaml_and_says_what_it_risks(self) -> None:
        berth = self.place.start_plain("check", str(self.examples / "container/compose.yaml"))
        self.assert_exit(berth, 78)
        # No fleet, but nothing is said of its syntax: every complaint is about a key.
        complaints = [line.split(": ", 1)[1] for line in berth.stderr.splitlines()]
        self.assertEqual([line for line in complaints if "key" not in line and "missing" not in line
                          and "environment" not in line], [])
        text = (EXAMPLES / "container/compose.yaml").read_text()
        self.assertIn("can become root on the host", text)

    def test_crontab_line_drains_the_queue_and_says_nothing(self) -> None:
        lines = [line for line in (EXAMPLES / "cron/crontab").read_text().splitlines()
                 if line and not line.startswith("#") and not re.match(r"\w+=", line)]
        self.assertEqual(len(lines), 1)
        *schedule, program, verb, flag, file = lines[0].split()[:9]
        self.assertEqual((len(schedule), program, verb, flag, file),
                         (5, "/usr/local/bin/berth", "drain", "--config", "/etc/berth/fleet.yaml"))
        self.place.write_fleet()
        [item] = self.queue()
        berth = self.place.start_plain("drain", "--config", str(self.place.fleet_file),
                                       *lines[0].split()[9:])
        self.assert_exit(berth, 0)
        self.assertEqual(berth.stderr + berth.stdout, "")
        self.assertTrue(self.first_heartbeats(item))
