# SPDX-License-Identifier: Apache-2.0
"""The last line of a drain: what it did, in numbers, at a level that says whether all went well."""
import re

from harness import Berth, FlowCase

COUNTS = ("claimed", "started", "ended", "refused", "left_running", "failed", "environments")


class DrainedCase(FlowCase):
    def assert_drained(self, berth: Berth, level: str = "info", **counts: int) -> None:
        """It is the last event, at that level, with those counts and 0 for the others."""
        [drained] = berth.events("drained")
        self.assertEqual(berth.events()[-1], drained)
        self.assertEqual({name: drained[name] for name in COUNTS},
                         {name: str(counts.get(name, int(name == "environments")))
                          for name in COUNTS}, berth.tail())
        self.assertEqual(drained["level"], level)
        self.assertRegex(drained["duration"], r"^(0|(\d+(d|h|m|s|ms))+)$")


class TheLastLineOfADrain(DrainedCase):
    def test_has_only_zeros_where_there_was_nothing_to_do(self) -> None:
        self.assert_drained(self.run_berth("drain"))

    def test_counts_what_was_claimed_started_and_ended(self) -> None:
        self.queue(3)
        self.assert_drained(self.run_berth("drain", "--wait"), claimed=3, started=3, ended=3)

    def test_counts_what_it_leaves_running_and_the_next_one_what_of_it_has_ended(self) -> None:
        self.engine.worker("*", "hang")
        items = self.queue(3)
        self.assert_drained(self.run_berth("drain", "--detach"),
                            claimed=3, started=3, left_running=3)
        self.signal_worker(items[0])
        self.wait_container(items[0], "exited")
        self.assert_drained(self.run_berth("drain", "--detach"), ended=1, left_running=2)

    def test_counts_refused_items_and_does_not_call_them_a_failure(self) -> None:
        self.cp.queue_healthcheck(self.env["id"])
        self.queue()
        berth = self.run_berth("drain", "--wait")
        self.assert_exit(berth, 0)
        self.assert_drained(berth, claimed=1, started=1, ended=1, refused=1)

    def test_counts_the_environments_that_it_served(self) -> None:
        other = self.serve_another_environment()
        self.queue()
        self.queue(environment=other)
        self.assert_drained(self.run_berth("drain", "--wait"),
                            claimed=2, started=2, ended=2, environments=2)

    def test_is_a_warning_when_a_session_failed(self) -> None:
        self.engine.worker("*", "crash-before-beat", times=1)
        self.queue(2)
        berth = self.run_berth("drain", "--wait")
        self.assert_exit(berth, 75)
        self.assert_drained(berth, "warning", claimed=2, started=2, ended=2, failed=1)

    def test_counts_a_session_once_however_much_went_wrong_with_it(self) -> None:
        """Its start failed after the ack, and it was left with less than all done."""
        self.engine.rule(op="start", status=500, times=0)
        self.queue()
        berth = self.run_berth("drain", "--wait", "--max-sessions", "1")
        self.assert_exit(berth, 75)
        self.assert_drained(berth, "warning", claimed=1, failed=1)

    def test_is_a_warning_when_nothing_could_be_claimed(self) -> None:
        self.engine.remove_image(self.image)
        self.engine.rule(op="image_pull", status=404, times=0)
        self.queue()
        berth = self.run_berth("drain")
        self.assertNotEqual(berth.process.returncode, 0)
        self.assert_drained(berth, "warning")

    def test_is_a_warning_when_the_key_is_rejected(self) -> None:
        self.rotate_key()
        berth = self.run_berth("drain")
        self.assert_exit(berth, 77)
        self.assert_drained(berth, "warning")

    def test_is_a_warning_when_there_is_no_engine(self) -> None:
        self.engine.vanish()
        berth = self.run_berth("drain")
        self.assert_exit(berth, 69)
        self.assert_drained(berth, "warning")

    def test_is_not_written_by_one_that_never_began(self) -> None:
        self.engine.worker("*", "hang")
        self.queue()
        first = self.start("drain", "--wait")
        first.wait_event("started")
        second = self.run_berth("drain")
        self.assertEqual(second.event_names(), ["locked"])

    def test_is_not_written_by_run(self) -> None:
        berth = self.start("run")
        berth.wait_event("idle")
        self.assertEqual(berth.terminate(), 0)
        self.assertEqual(berth.events("drained"), [])

    def test_comes_after_a_signal_too(self) -> None:
        self.engine.worker("*", "hang")
        self.queue()
        berth = self.start("drain", "--wait")
        berth.wait_event("started")
        self.assertEqual(berth.terminate(), 0)
        self.assert_drained(berth, claimed=1, started=1, left_running=1)


class ACrontabsDrain(FlowCase):
    """With --log-level warning, as a crontab has it, in the text that cron would mail."""

    def drain(self, *arguments: str) -> Berth:
        berth = self.place.start_plain("drain", "--config", str(self.place.write_fleet()),
                                       "--log-level", "warning", *arguments)
        berth.wait()
        return berth

    def test_says_nothing_when_all_went_well(self) -> None:
        self.queue(2)
        berth = self.drain("--wait")
        self.assert_exit(berth, 0)
        self.assertEqual((berth.stderr, berth.stdout), ("", ""))

    def test_says_nothing_when_locked_and_told_to_be_quiet(self) -> None:
        self.engine.worker("*", "hang")
        self.queue()
        first = self.start("drain", "--wait")
        first.wait_event("started")
        berth = self.drain("--quiet-if-locked")
        self.assert_exit(berth, 0)
        self.assertEqual((berth.stderr, berth.stdout), ("", ""))

    def test_ends_with_its_numbers_when_something_went_wrong(self) -> None:
        self.engine.worker("*", "crash-before-beat", times=1)
        self.queue(2)
        berth = self.drain("--wait")
        self.assert_exit(berth, 75)
        last = berth.stderr.splitlines()[-1]
        self.assertRegex(last, re.escape(
            "level=warning event=drained claimed=2 started=2 ended=2 refused=0 left_running=0 "
            "failed=1 environments=1 duration="))
