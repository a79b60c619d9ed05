# SPDX-License-Identifier: Apache-2.0
"""What berth does not start with: rejected keys, no engine, broken files, keys in the open."""
import json
import socket
import threading

from harness import FlowCase


class ARejectedKey(FlowCase):
    def polls(self) -> list:
        return [record.status for record in self.cp.log.of("poll")]

    def test_ends_a_drain_with_77_after_one_attempt(self) -> None:
        self.queue()
        self.rotate_key()
        berth = self.start("drain")
        self.assert_exit(berth, 77)
        self.assertEqual(self.polls(), [401])
        self.assertEqual(len(berth.events("key_rejected")), 1)

    def test_ends_run_with_77_when_it_is_the_only_one(self) -> None:
        self.rotate_key()
        self.assert_exit(self.start("run"), 77)
        self.assertEqual(self.polls(), [401])

    def test_from_a_variable_ends_with_77_after_one_attempt(self) -> None:
        self.place.environment["key"] = {"env": "QUEUE_KEY"}
        old = self.env["key"]
        self.rotate_key()
        self.assert_exit(self.start("drain", environ={"QUEUE_KEY": old}), 77)
        self.assertEqual(self.polls(), [401])

    def test_is_read_again_from_its_file_and_the_new_one_goes_on(self) -> None:
        [item] = self.queue()
        new = self.rotate_key()
        self.cp.fault("poll", hook=lambda record: self.place.write_key(new))
        self.assert_exit(self.start("drain", "--wait"), 0)
        self.assertEqual(self.polls()[:2], [401, 200])
        self.assertEqual(self.polls().count(401), 1)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")

    def test_of_403_and_404_ends_with_77_too(self) -> None:
        for status in (403, 404):
            with self.subTest(status=status):
                self.cp.clear_faults()
                self.cp.fault("poll", status=status, times=None)
                seen = self.cp.log.last_seq()
                self.assert_exit(self.start("drain"), 77)
                self.assertEqual(len(self.cp.log.of("poll", since=seen)), 1)

    def test_pauses_its_environment_and_not_the_others(self) -> None:
        self.rotate_key()
        other = self.serve_another_environment()
        [item] = self.cp.queue(other["id"])
        berth = self.start("run")
        berth.wait_event("key_rejected")
        berth.wait_event("removed", work=item["id"])
        self.assertTrue(berth.is_running())
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
        self.assertEqual(berth.terminate(), 0)


class NoEngine(FlowCase):
    def refuse(self, path: str, verb: str = "drain") -> str:
        """berth ends with 69 having claimed nothing; returns what it said."""
        self.queue()
        self.place.settings["engine"]["socket"] = f"unix://{path}"
        berth = self.start(verb)
        self.assert_exit(berth, 69)
        self.assertEqual(self.cp.log.of("poll"), [])
        self.assertIn(path, berth.stderr)
        return berth.stderr

    def service(self, answer: bytes) -> str:
        """A socket that gives everybody this answer."""
        path = str(self.dir / "other.sock")
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(server.close)
        server.bind(path)
        server.listen(8)

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(4096)
                    peer.sendall(answer)
        threading.Thread(target=serve, daemon=True).start()
        self.addCleanup(server.shutdown, socket.SHUT_RDWR)
        return path

    def test_where_the_socket_should_be_ends_with_69(self) -> None:
        self.refuse(str(self.dir / "missing.sock"))

    def test_behind_the_socket_ends_with_69(self) -> None:
        path = str(self.dir / "dead.sock")
        dead = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        dead.bind(path)
        dead.close()
        self.refuse(path)

    def test_but_something_that_is_not_http_ends_with_69(self) -> None:
        self.refuse(self.service(b"220 mail.example ESMTP\r\n"))

    def test_but_another_web_service_ends_with_69(self) -> None:
        self.refuse(self.service(b"HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\nnot here\n"))

    def test_ends_run_with_69_too(self) -> None:
        self.refuse(str(self.dir / "missing.sock"), "run")


class ABrokenFile(FlowCase):
    def refuse(self, text: str) -> list[str]:
        path = self.place.write_fleet(text)
        berth = self.place.start_plain("drain", "--config", str(path))
        self.assert_exit(berth, 78)
        self.assertEqual(self.engine.requests(), [])
        return berth.stderr.splitlines()

    def test_ends_with_78_and_every_error_has_its_line_and_column(self) -> None:
        lines = self.refuse("version: 1\n"
                            "instnce: x\n"
                            "host:\n"
                            "  sessions: many\n"
                            "environments:\n"
                            "  - id: env_1\n"
                            "    poll: { block_ms: 5000 }\n")
        for place, words in (("2:1", "'instance'"), ("4:13", "sessions"), ("7:23", "block_ms")):
            wanted = f"{self.place.fleet_file}:{place}:"
            found = [line for line in lines if line.startswith(wanted)]
            self.assertEqual(len(found), 1, f"{wanted} in {lines}")
            self.assertIn(words, found[0])

    def test_that_is_no_yaml_ends_with_78_and_the_place(self) -> None:
        lines = self.refuse("version: 1\nhost: [\n")
        self.assertRegex("\n".join(lines), rf"(?m)^{self.place.fleet_file}:\d+:\d+:")

    def test_that_is_missing_ends_with_78(self) -> None:
        missing = str(self.dir / "nowhere.yaml")
        berth = self.place.start_plain("drain", "--config", missing)
        self.assert_exit(berth, 78)
        self.assertIn(missing, berth.stderr)

    def test_of_a_policy_ends_with_78_and_its_place(self) -> None:
        policies = self.dir / "policies"
        policies.mkdir()
        (policies / "soft.yaml").write_text("pids: lots\n")
        self.place.settings["policy_dir"] = str(policies)
        self.place.environment["policy"] = "soft"
        berth = self.start("drain")
        self.assert_exit(berth, 78)
        self.assertIn(f"{policies}/soft.yaml:1:7:", berth.stderr)


class SecretsInTheOpen(FlowCase):
    def test_an_organization_key_in_the_environment_ends_with_78(self) -> None:
        key = "sk-ant-api03-" + "A" * 40
        self.secrets.add("an organization key", [key])
        berth = self.start("drain", environ={"ANTHROPIC_API_KEY": key})
        self.assert_exit(berth, 78)
        self.assertIn("ANTHROPIC_API_KEY", berth.stderr)
        self.assertIn("unset", berth.stderr)
        self.assertEqual(self.cp.log.all(), [])

    def test_a_key_file_that_others_can_read_ends_with_78_and_the_remedy(self) -> None:
        for mode in (0o644, 0o640, 0o604):
            with self.subTest(mode=oct(mode)):
                self.place.write_key(self.env["key"], mode)
                berth = self.start("drain")
                self.assert_exit(berth, 78)
                self.assertIn("chmod 600", berth.stderr)
                self.assertIn(str(self.place.key_file), berth.stderr)
        self.assertEqual(self.cp.log.all(), [])

    def test_a_missing_key_file_ends_with_78(self) -> None:
        self.place.key_file.unlink()
        berth = self.start("drain")
        self.assert_exit(berth, 78)
        self.assertIn(str(self.place.key_file), berth.stderr)


class TheCommandLine(FlowCase):
    def refuse(self, *arguments: str) -> str:
        berth = self.place.start_plain(*arguments)
        self.assert_exit(berth, 64)
        self.assertEqual(self.cp.log.all(), [])
        return berth.stderr

    def test_with_an_unknown_flag_ends_with_64_and_a_suggestion(self) -> None:
        self.assertIn("--max-sessions", self.refuse("drain", "--max-session", "2"))

    def test_with_an_unknown_command_ends_with_64(self) -> None:
        self.assertIn("drain", self.refuse("drane"))

    def test_without_a_command_ends_with_64(self) -> None:
        self.assertIn("Usage", self.refuse())

    def test_with_flags_that_exclude_each_other_ends_with_64(self) -> None:
        self.assertIn("--detach", self.refuse("drain", "--wait", "--detach"))

    def test_that_says_no_environment_ends_with_78(self) -> None:
        berth = self.place.start_plain("drain", "--engine", self.engine.url)
        self.assert_exit(berth, 78)
        self.assertIn("environment", berth.stderr)

    def test_wins_over_the_file(self) -> None:
        self.place.settings["environments"][0]["image"] = "localhost/nowhere:1"
        [item] = self.queue()
        self.assert_exit(self.start("drain", "--wait", "--image", self.image), 0)
        [create] = self.engine.requests("create")
        self.assertEqual(json.loads(create["body"])["Image"], self.image)
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")
