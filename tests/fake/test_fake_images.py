# SPDX-License-Identifier: Apache-2.0
"""Images, networks and volumes of the fake engine."""
from __future__ import annotations

import json
import unittest

from enginecase import EngineCase, filters
from fakeengine import fingerprint


class Images(EngineCase):
    def test_an_absent_image_is_404_and_a_pull_brings_it(self):
        reply = self.ask("GET", "/images/reg.example/x:2/json")
        self.assertEqual(reply.status, 404)
        pull = self.engine.ask(
            "POST", "/images/create?fromImage=reg.example/x&tag=2", headers={"X-Registry-Auth": "s3"}
        )
        lines = [json.loads(line) for line in pull.body.splitlines()]
        self.assertEqual(pull.status, 200)
        self.assertIn("Downloaded newer image for reg.example/x:2", lines[-1]["status"])
        image = self.ask("GET", "/images/reg.example/x:2/json").json()
        self.assertEqual(image["RepoTags"], ["reg.example/x:2"])
        self.create(Image=image["Id"])

    def test_registry_credentials_are_journalled_by_fingerprint_only(self):
        self.engine.ask("POST", "/images/create?fromImage=x", headers={"X-Registry-Auth": "s3cr3t"})
        self.ask("POST", "/images/create?fromImage=y")
        with_auth, without = self.engine.requests(op="image_pull")
        self.assertEqual(with_auth["registry_auth"], fingerprint("s3cr3t"))
        self.assertNotIn("registry_auth", without)
        self.assertNotIn("s3cr3t", json.dumps(with_auth))

    def test_names_are_compared_without_the_default_registry_and_tag(self):
        self.engine.add_image("docker.io/library/busybox")
        for name in ("busybox", "busybox:latest", "library/busybox", "docker.io/library/busybox"):
            self.assertEqual(self.ask("GET", f"/images/{name}/json").status, 200, name)
        self.engine.remove_image("busybox")
        self.assertEqual(self.ask("GET", "/images/busybox/json").status, 404)

    def test_a_pull_by_digest_is_found_by_digest(self):
        digest = "sha256:" + "a" * 64
        self.ask("POST", f"/images/create?fromImage=r/x&tag={digest}")
        image = self.ask("GET", f"/images/r/x@{digest}/json").json()
        self.assertEqual((image["RepoDigests"], image["RepoTags"]), ([f"r/x@{digest}"], []))


class NetworksAndVolumes(EngineCase):
    def test_a_network_is_made_once_and_inspected_by_name(self):
        body = {"Name": "n1", "Labels": {"a": "b"}, "Internal": True, "CheckDuplicate": True}
        self.assertEqual(self.ask("POST", "/networks/create", body).status, 201)
        reply = self.ask("POST", "/networks/create", body)
        self.assertEqual((reply.status, reply.message()), (409, "network with name n1 already exists"))
        network = self.ask("GET", "/networks/n1").json()
        self.assertEqual((network["Internal"], network["Labels"]), (True, {"a": "b"}))
        listed = self.ask("GET", "/networks?filters=" + filters(label=["a=b"])).json()
        self.assertEqual([n["Name"] for n in listed], ["n1"])
        self.create(HostConfig={"NetworkMode": "n1"})
        self.assertEqual(self.ask("POST", "/containers/one/start").status, 204)
        self.assertEqual(self.ask("DELETE", "/networks/n1").status, 204)
        self.assertEqual(self.ask("GET", "/networks/n1").status, 404)

    def test_predefined_networks_are_there_and_stay(self):
        names = {network["Name"] for network in self.ask("GET", "/networks").json()}
        self.assertEqual(names, {"bridge", "host", "none"})
        self.assertEqual(self.ask("DELETE", "/networks/bridge").status, 403)
        self.assertEqual(self.ask("POST", "/networks/create", {"Name": "none"}).status, 403)

    def test_volumes_live_until_removed_and_not_while_in_use(self):
        self.assertEqual(self.ask("POST", "/volumes/create", {"Name": "v"}).status, 201)
        mount = {"Type": "volume", "Source": "v", "Target": "/v", "ReadOnly": True}
        container = self.create(HostConfig={"Mounts": [mount]})
        mounts = self.ask("GET", "/containers/one/json").json()["Mounts"]
        self.assertEqual((mounts[0]["Name"], mounts[0]["RW"]), ("v", False))
        reply = self.ask("DELETE", "/volumes/v")
        self.assertEqual(reply.status, 409)
        self.assertEqual(reply.message(), f"remove v: volume is in use - [{container}]")
        self.ask("DELETE", "/containers/one?v=1")
        self.assertEqual(self.ask("DELETE", "/volumes/v").status, 204)
        self.assertEqual(self.ask("GET", "/volumes/v").message(), "get v: no such volume")

    def test_an_images_volume_stays_behind_unless_covered_or_removed_with_v(self):
        self.engine.add_image("vol:1", {"Cmd": ["x"], "Volumes": {"/workspace": {}}})
        self.create("covered", Image="vol:1", HostConfig={"Tmpfs": {"/workspace": "rw"}})
        self.assertEqual(self.engine.stats()["anonymous_volumes"], 0)
        for name, query, left in (("leaks", "", 1), ("cleans", "?v=1", 1)):
            self.create(name, Image="vol:1")
            self.ask("DELETE", f"/containers/{name}{query}")
            self.assertEqual(self.engine.stats()["anonymous_volumes"], left, name)


if __name__ == "__main__":
    unittest.main()
