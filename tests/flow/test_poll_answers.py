# SPDX-License-Identifier: Apache-2.0
"""Whatever a poll is answered with: idle, back off, or give up; and the session behind it runs as
soon as the queue answers again."""
from __future__ import annotations

from typing import Any

from environments import EnvironmentsCase, Row
from harness import FlowCase

# How soon an item whose offer was lost comes again; longer than an ack may take.
QUICK_POLL = {"idle_min": "50ms", "idle_max": "100ms", "ack_within": "500ms",
              "reclaim_older_than_ms": 1000}
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
LOST = {"when": "after", "offer": True}

Answers = dict[str, dict[str, Any]]

EMPTY: Answers = {
    "200 null": {"body": b"null"},
    "200 null, with white space": {"body": b"\r\n null \n"},
    "204": {"status": 204},
    "200 and an empty body": {"body": b""},
    "200 and an empty body without a type": {"body": b"", "content_type": None},
    "200 and blanks": {"body": b" \r\n"},
    "200 and an empty object": {"body": b"{}"},
    "200 and an object without id and data": {"body": b'{"type":"work","data":null}'},
}

# One pause of half a second to a second follows each.
PASSING: Answers = {
    "302": {"status": 302, "headers": {"location": "TRAP"}, "body": b""},
    "307": {"status": 307, "headers": {"location": "TRAP"}, "body": b""},
    "408": {"status": 408},
    "409": {"status": 409},
    "429": {"status": 429},
    "500": {"status": 500},
    "502 and a page of HTML": {"status": 502, "body": HTML, "content_type": "text/html"},
    "503": {"status": 503},
    "504": {"status": 504},
    "529": {"status": 529},
    "a reset instead of processing": {"reset": True},
    "a reset after processing": {"reset": True, **LOST},
    "a truncated item": {"truncate": 40, **LOST},
    "no byte of the body": {"truncate": 0, **LOST},
    "malformed JSON": {"body": b'{"id":'},
    "200 and a page of HTML": {"body": HTML, "content_type": "text/html"},
    "64 MiB": {"huge": 64 << 20},
    "64 MiB in chunks": {"huge": 64 << 20, "chunked": True},
    "64 MiB with a 500": {"status": 500, "huge": 64 << 20},
    "5 bytes a second": {"rate": 5, **LOST},
    "nothing for 30 s": {"delay": 30},
}

REJECTED = (401, 403, 404)
INVALID = (400, 402, 405, 410, 412, 413, 422, 451)


class APollAnsweredWithNoWork(EnvironmentsCase):
    def test_is_repeated_after_the_idle_wait_and_what_is_queued_later_runs(self) -> None:
        rows = []
        for name, answer in EMPTY.items():
            environment = self.add_environment()
            self.cp.fault("poll", environment=environment, times=3, **answer)
            rows.append(Row(name, environment, self.queue_in(environment)))
        berth = self.start("run")
        self.cp.wait_stopped([row.item["id"] for row in rows])
        self.wait_no_containers()
        self.assertEqual(berth.terminate(), 0)
        for row in rows:
            with self.row(row):
                self.assert_ran_by_itself(row.item)
                polls = self.cp.log.of("poll", environment=row.environment)
                self.assertEqual([poll.work for poll in polls[:4]], [None] * 3 + [row.item["id"]])
                for poll, following in zip(polls[:3], polls[1:]):
                    self.assertGreaterEqual(following.time - poll.time, 0.05)
                self.assertEqual(berth.events("paused", environment=row.environment), [])

    def test_ends_a_drain_with_0(self) -> None:
        for name, answer in EMPTY.items():
            with self.subTest(name):
                self.cp.clear_faults()
                self.cp.fault("poll", environment=self.env["id"], times=None, **answer)
                seen = self.cp.log.last_seq()
                self.assert_exit(self.start("drain"), 0)
                self.assertEqual(len(self.cp.log.of("poll", since=seen)), 1)


class APollThatFails(EnvironmentsCase):
    def add_rows(self) -> list[Row]:
        rows = []
        for name, answer in PASSING.items():
            environment = self.add_environment(poll=QUICK_POLL)
            if "headers" in answer:
                answer = {**answer, "headers": {"location": f"{self.cp.url}/trap"}}
            self.cp.fault("poll", environment=environment, **answer)
            rows.append(Row(name, environment, self.queue_in(environment)))
        return rows

    def assert_backed_off(self, row: Row) -> None:
        """From the end of the failed poll; a reply that never ends lasts until berth hangs up."""
        failed, following = self.cp.log.of("poll", environment=row.environment)[:2]
        self.assertIsNotNone(failed.fault)
        self.assertGreaterEqual(following.time - failed.time, 0.5)
        if row.name in ("5 bytes a second", "nothing for 30 s"):
            self.assertGreaterEqual(following.time - failed.time, 15.0)
            self.assertLess(following.time - failed.time, 25.0)

    def test_is_repeated_by_run_for_ever_and_by_a_drain_six_times(self) -> None:
        rows = self.add_rows()
        hopeless = self.add_environment()
        self.cp.fault("poll", environment=hopeless, status=503, times=None)
        left = self.queue_in(hopeless)
        given_up = self.cp.create_environment()
        self.cp.fault("poll", environment=given_up["id"], status=503, times=None)
        drain = self.add_place("drained", environment=given_up).start("drain")
        run = self.start("run")
        self.cp.wait_stopped([row.item["id"] for row in rows], timeout=60)

        self.assert_exit(drain, 75)
        polls = self.cp.log.of("poll", environment=given_up["id"])
        self.assertEqual(len(polls), 6)
        for least, poll, following in zip((0.5, 1, 2, 4, 8), polls, polls[1:]):
            self.assertGreaterEqual(following.time - poll.time, least)

        self.assertTrue(run.is_running())
        self.assertGreaterEqual(len(self.cp.log.of("poll", environment=hopeless)), 4)
        self.assertEqual(self.cp.item(left["id"])["offers"], 0)
        self.assertEqual(run.terminate(), 0)
        for row in rows:
            with self.row(row):
                self.assert_backed_off(row)
                self.assert_ran_by_itself(row.item)
                self.assertEqual(len(run.events("paused", environment=row.environment)), 1)
                self.assertEqual(len(run.events("resumed", environment=row.environment)), 1)
        self.assertEqual(self.cp.log.of("unknown"), [], "a redirect was followed")

    def test_with_retry_after_is_not_repeated_before_that(self) -> None:
        rows = []
        for status in (429, 503, 529):
            environment = self.add_environment()
            self.cp.fault("poll", environment=environment, status=status,
                          headers={"retry-after": "2"})
            rows.append(Row(str(status), environment, self.queue_in(environment)))
        berth = self.start("run")
        self.cp.wait_stopped([row.item["id"] for row in rows])
        self.wait_no_containers()
        self.assertEqual(berth.terminate(), 0)
        for row in rows:
            with self.row(row):
                failed, following = self.cp.log.of("poll", environment=row.environment)[:2]
                self.assertGreaterEqual(following.time - failed.time, 2.0)
                self.assert_ran_by_itself(row.item)

    def test_twice_and_then_not_does_not_change_the_exit_code_of_a_drain(self) -> None:
        self.cp.fault("poll", status=503, times=2)
        [item] = self.queue()
        self.assert_exit(self.start("drain", "--wait"), 0)
        self.assert_ran_by_itself(item)


class APollThatIsRefused(EnvironmentsCase):
    def test_is_not_repeated_and_leaves_the_other_environments_alone(self) -> None:
        rows = []
        for status in (*REJECTED, *INVALID):
            environment = self.add_environment()
            self.cp.fault("poll", environment=environment, status=status, times=None)
            rows.append(Row(str(status), environment, self.queue_in(environment)))
        berth = self.start("run")
        berth.wait_event("given_up", count=len(INVALID))
        berth.wait_event("key_rejected", count=len(REJECTED))
        # The other environment goes on: this long, and with work.
        self.cp.wait_requests("poll", 3, environment=self.env["id"])
        [good] = self.queue()
        self.cp.wait_stopped([good["id"]])
        self.assertTrue(berth.is_running())
        berth.terminate()
        self.assert_ran_by_itself(good)
        for row in rows:
            with self.row(row):
                requests = self.cp.log.of(environment=row.environment)
                self.assertEqual([(record.endpoint, record.status) for record in requests],
                                 [("poll", int(row.name))])
                self.assertEqual(self.cp.item(row.item["id"])["offers"], 0)

    def test_for_another_reason_than_its_key_ends_a_drain_and_a_run_with_78(self) -> None:
        for status in INVALID:
            for verb in ("drain", "run"):
                with self.subTest(status=status, verb=verb):
                    self.cp.clear_faults()
                    self.cp.fault("poll", status=status, times=None)
                    seen = self.cp.log.last_seq()
                    self.assert_exit(self.start(verb), 78)
                    self.assertEqual(len(self.cp.log.all()) - seen, 1)


class AKeyRotatedUnderRun(FlowCase):
    def statuses(self) -> list:
        return [record.status for record in self.cp.log.of("poll")]

    def test_costs_one_poll_and_the_next_session_runs(self) -> None:
        berth = self.start("run")
        self.cp.wait_requests("poll", 2)
        self.place.write_key(self.rotate_key())
        self.cp.wait_requests("poll", 1, status=401)
        [item] = self.queue()
        self.cp.wait_stopped([item["id"]])
        self.wait_no_containers()
        self.assertEqual(berth.terminate(), 0)
        self.assertEqual(self.statuses().count(401), 1)
        self.assertEqual(len(berth.events("key_replaced")), 1)

    def test_against_another_wrong_one_ends_with_77_after_two_polls(self) -> None:
        wrong = "sk-ant-oat01-" + "wrong" * 8
        self.secrets.add("an environment key", [wrong])
        self.rotate_key()
        self.cp.fault("poll", hook=lambda record: self.place.write_key(wrong))
        self.assert_exit(self.start("run"), 77)
        self.assertEqual(self.statuses(), [401, 401])
