# SPDX-License-Identifier: Apache-2.0
"""Every range of API versions that an engine may speak."""
import re

from harness import FlowCase


class EngineCase(FlowCase):
    def versions_spoken(self) -> set[str]:
        """The versions in the paths of all calls but the first ones, which carry none."""
        return {entry["version"] for entry in self.engine.requests()
                if entry["op"] in ("create", "start", "inspect", "remove", "list", "events")}

    def drain_one(self) -> None:
        [item] = self.queue()
        self.assert_exit(self.start("drain", "--wait"), 0)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assert_nothing_left()


class AnOldEngine(EngineCase):
    engine_options = {"api_min": "1.12", "api_max": "1.41"}

    def test_is_spoken_to_in_its_newest_version(self) -> None:
        self.drain_one()
        self.assertEqual(self.versions_spoken(), {"1.41"})


class ACurrentEngine(EngineCase):
    engine_options = {"api_min": "1.44", "api_max": "1.52"}

    def test_is_spoken_to_in_a_version_within_its_range(self) -> None:
        self.drain_one()
        [version] = self.versions_spoken()
        minor = int(version.removeprefix("1."))
        self.assertTrue(44 <= minor <= 52, version)


class AnEngineOfTheFuture(EngineCase):
    engine_options = {"api_min": "1.44", "api_max": "1.99"}

    def test_is_spoken_to_in_the_newest_version_that_berth_knows(self) -> None:
        self.drain_one()
        [version] = self.versions_spoken()
        self.assertTrue(44 <= int(version.removeprefix("1.")) < 99, version)


class AnEngineThatHasGivenUpOurVersions(EngineCase):
    engine_options = {"api_min": "1.98", "api_max": "1.99"}

    def test_is_refused_with_69_naming_both_numbers(self) -> None:
        self.queue()
        berth = self.start("drain")
        self.assert_exit(berth, 69)
        message = berth.events("engine")[0]["msg"]
        self.assertIn("1.98", message)
        self.assertRegex(message, r"knows 1\.\d\d at most")
        self.assertEqual(self.cp.log.of("poll"), [])


class AnEngineTooOld(EngineCase):
    engine_options = {"api_min": "1.12", "api_max": "1.24"}

    def test_is_refused_with_69_naming_both_numbers(self) -> None:
        berth = self.start("drain")
        self.assert_exit(berth, 69)
        message = berth.events("engine")[0]["msg"]
        self.assertIn("1.24", message)
        self.assertTrue(re.search(r"needs 1\.\d\d", message), message)
