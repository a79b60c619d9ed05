# SPDX-License-Identifier: Apache-2.0
"""What a container is given to identify itself with."""
from harness import FlowCase


class CredentialCase(FlowCase):
    def environment_of(self, mode: str | None, **item) -> dict[str, str]:
        """Runs a session; the ANTHROPIC_ variables of its container."""
        if mode:
            self.place.environment["credential"] = mode
        self.engine.worker("*", "hang")
        [self.item] = self.queue(**item)
        self.assert_exit(self.start("drain", "--detach"), 0)
        variables = dict(entry.split("=", 1) for entry in self.container_of(self.item)["env"])
        return {name: value for name, value in variables.items()
                if name.startswith("ANTHROPIC_")}

    def ids(self) -> dict[str, str]:
        return {"ANTHROPIC_SESSION_ID": self.item["session_id"],
                "ANTHROPIC_WORK_ID": self.item["id"],
                "ANTHROPIC_ENVIRONMENT_ID": self.env["id"],
                "ANTHROPIC_BASE_URL": self.cp.url}

    def record(self) -> dict:
        berth = self.start("drain", "--wait")
        berth.wait_event("adopted")
        self.signal_worker(self.item)
        self.assert_exit(berth, 0)
        return self.place.records(self.item["id"])[-1]


class AContainer(CredentialCase):
    def test_is_given_the_items_token_and_secret_and_never_the_environment_key(self) -> None:
        for mode in (None, "auto", "secret"):
            with self.subTest(mode=mode):
                self.assertEqual(self.environment_of(mode), {
                    **self.ids(),
                    "ANTHROPIC_ENVIRONMENT_KEY": self.item["token"],
                    "ANTHROPIC_WORK_SECRET": self.item["secret"]})
                self.assertFalse(self.record()["environment_key_exposed"])

    def test_is_told_the_session_base_url_where_it_differs(self) -> None:
        port = self.cp.url.rpartition(":")[2]
        self.place.settings["session_base_url"] = f"http://localhost:{port}"
        self.assertEqual(self.environment_of(None)["ANTHROPIC_BASE_URL"],
                         f"http://localhost:{port}")


class AnItemWithoutAUsableSecret(CredentialCase):
    containers_may_have_environment_key = True

    def test_gets_the_environment_key_and_that_is_said(self) -> None:
        for secret in ("none", "not base64 at all!", "e30"):
            with self.subTest(secret=secret):
                self.assertEqual(self.environment_of("auto", secret=secret), {
                    **self.ids(), "ANTHROPIC_ENVIRONMENT_KEY": self.env["key"]})
                berth = self.place.berths[-1]
                self.assertEqual(len(berth.events("environment_key_exposed",
                                                  work=self.item["id"])), 1)

    def test_is_refused_where_only_secrets_may_be_used(self) -> None:
        self.place.environment["credential"] = "secret"
        self.assert_refused_and_stopped()

    def test_is_refused_where_the_policy_requires_one(self) -> None:
        policies = self.dir / "policies"
        policies.mkdir()
        (policies / "own.yaml").write_text("require_secret: true\n")
        self.place.settings["policy_dir"] = str(policies)
        self.place.environment["policy"] = "own"
        self.assert_refused_and_stopped()

    def assert_refused_and_stopped(self) -> None:
        [item] = self.queue(secret="none")
        berth = self.start("drain", "--wait")
        self.assert_exit(berth, 0)
        self.assertEqual(len(berth.events("refused", work=item["id"])), 1)
        self.assertEqual(self.engine.requests("create"), [])
        self.assertEqual([record.endpoint for record in self.cp.log.of(("ack", "stop"))],
                         ["ack", "stop"])
        self.assertEqual(self.cp.item(item["id"])["state"], "stopped")


class CredentialKey(CredentialCase):
    containers_may_have_environment_key = True

    def test_gives_the_five_documented_variables_their_documented_values(self) -> None:
        self.assertEqual(self.environment_of("key"), {
            **self.ids(), "ANTHROPIC_ENVIRONMENT_KEY": self.env["key"]})


class AnEngineThatRepeatsTheRequest(FlowCase):
    def test_in_its_error_has_no_secret_come_back_in_the_log(self) -> None:
        self.engine.rule(op="create", status=400, echo_body=True, times=0)
        self.queue()
        berth = self.start("drain", "--wait")
        berth.wait()
        self.assertTrue(berth.events("launch_failed"))


class AControlPlaneThatRepeatsTheKey(FlowCase):
    def test_in_its_error_has_no_secret_come_back_in_the_log(self) -> None:
        body = f'{{"error": {{"message": "bad key {self.env["key"]}"}}}}'.encode()
        self.cp.fault("poll", status=401, body=body, times=None)
        self.assert_exit(self.start("drain"), 77)
