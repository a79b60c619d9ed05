# SPDX-License-Identifier: Apache-2.0
"""The fake Podman answers as a real one did: same members, same types, same values and words."""
from __future__ import annotations

from typing import Any

from fakeengine import PODMAN_CGROUP_V2, PODMAN_ROOTFUL, FakeEngine
from podmancase import LIBPOD, REAL, PodmanCase, patched, shape

# Where two containers of one request differ, and where their hosts do.
OF_ITS_OWN = ("Id", "Created", "Image", "ImageDigest", "StaticDir", "ConmonPidFile", "PidFile",
              "ResolvConfPath", "HostnamePath", "HostsPath", "OCIConfigPath", "GraphDriver")


def comparable(inspect: dict[str, Any]) -> dict[str, Any]:
    """Without what is different for every container."""
    result = {key: value for key, value in inspect.items() if key not in OF_ITS_OWN}
    result["State"] = {key: value for key, value in inspect["State"].items()
                       if not key.endswith(("At", "Pid")) and key != "CgroupPath"}
    result["NetworkSettings"] = {**inspect["NetworkSettings"], "SandboxKey": ""}
    config = dict(inspect["Config"])
    config["Hostname"] = ""
    config["Env"] = sorted(line for line in config["Env"] if not line.startswith("HOSTNAME="))
    config["Annotations"] = sorted(config["Annotations"])
    host_config = dict(inspect["HostConfig"])
    host_config["LogConfig"] = {**host_config["LogConfig"], "Path": ""}
    return {**result, "Config": config, "HostConfig": host_config}


class InspectCase(PodmanCase):
    maxDiff = None

    def assert_as_real(self, container: str, *patches: str) -> None:
        real, fake = REAL["running"], self.inspect(container)
        for patch in patches:
            real = patched(real, REAL[patch])
        self.assertEqual(shape(fake), shape(real))
        self.assertEqual(comparable(fake), comparable(real))


class AnInspect(InspectCase):
    def test_of_a_created_container_is_as_the_real_one(self) -> None:
        self.assert_as_real(self.create("g1"), "created")

    def test_of_an_initialized_container_is_as_the_real_one(self) -> None:
        container = self.create("g1")
        self.assertEqual(self.libpod(container, "init"), 204)
        self.assert_as_real(container, "initialized")

    def test_of_a_running_container_is_as_the_real_one(self) -> None:
        container = self.create("g1")
        self.assertEqual(self.libpod(container, "start"), 204)
        self.assert_as_real(container)

    def test_of_an_exited_container_is_as_the_real_one(self) -> None:
        container = self.create("g1")
        self.libpod(container, "start")
        self.engine.exit_container(container, 7)
        self.wait_for(container, "exited")
        self.assert_as_real(container, "exited")

    def wait_for(self, container: str, status: str) -> None:
        for _ in range(500):
            if self.state(container)["Status"] == status:
                return
        self.fail(f"{self.state(container)} never became {status}")

    def test_follows_the_request(self) -> None:
        container = self.create(
            "x", user="0", cap_drop=["CAP_CHOWN"], cap_add=["net_admin"], init=None,
            no_new_privileges=None, entrypoint=["/bin/sh", "-c"], command=["sleep 1"], labels={},
            r_limits=[{"type": "nofile", "soft": 12, "hard": 13}], log_configuration=None,
            resource_limits={"memory": {"limit": 134217728}, "cpu": {"quota": 50000}},
            mounts=[{"destination": "/x", "type": "tmpfs", "source": "tmpfs"}])
        inspect = self.inspect(container)
        host = inspect["HostConfig"]
        self.assertEqual((inspect["Path"], inspect["Args"]), ("/bin/sh", ["-c", "sleep 1"]))
        self.assertEqual(inspect["Config"]["Entrypoint"], "/bin/sh -c")
        self.assertIsNone(inspect["Config"]["Labels"])
        self.assertEqual((host["CapDrop"], host["CapAdd"]), (["CAP_CHOWN"], ["CAP_NET_ADMIN"]))
        self.assertEqual(len(inspect["EffectiveCaps"]), 14)
        self.assertEqual(inspect["EffectiveCaps"], inspect["BoundingCaps"])
        self.assertNotIn("Init", host)
        self.assertEqual(host["SecurityOpt"], [])
        self.assertEqual(host["Tmpfs"], {"/x": "rw,rprivate,nosuid,nodev,tmpcopyup"})
        self.assertEqual((host["MemorySwap"], host["NanoCpus"], host["PidsLimit"]),
                         (268435456, 0, 2048))
        self.assertEqual(host["Ulimits"][0], {"Name": "RLIMIT_NOFILE", "Soft": 12, "Hard": 13})
        self.assertEqual(host["Ulimits"][1]["Name"], "RLIMIT_NPROC")
        self.assertEqual(host["LogConfig"]["Size"], "0B")

    def test_shows_the_networks_of_a_bridge_and_no_others(self) -> None:
        self.ask("POST", "/v1.41/networks/create", {"Name": "mine"})
        for changes, names in (({}, None),
                               ({"netns": {"nsmode": "none"}}, None),
                               ({"netns": None}, ["podman"]),
                               ({"netns": {"nsmode": "bridge"}, "networks": {"mine": {}}},
                                ["mine"])):
            inspect = self.inspect(self.create(f"x{len(self.engine.containers())}", **changes))
            networks = inspect["NetworkSettings"].get("Networks")
            self.assertEqual(networks and list(networks), names)
            self.assertEqual(self.listed()[-1]["NetworkSettings"]["Networks"], networks)

    def test_shows_a_tmpfs_that_begins_empty(self) -> None:
        container = self.create("x", mounts=[{
            "destination": "/x", "type": "tmpfs", "source": "tmpfs",
            "options": ["rw", "nosuid", "nodev", "exec", "size=1", "U", "notmpcopyup"]}])
        self.libpod(container, "init")
        self.assertEqual(self.inspect(container)["HostConfig"]["Tmpfs"],
                         {"/x": "rw,nosuid,nodev,exec,size=1,uid=10001,gid=10001,rprivate"})

    def test_shows_what_another_user_than_root_starts_with(self) -> None:
        inspect = self.inspect(self.create("x", cap_drop=None))
        self.assertIsNone(inspect["EffectiveCaps"])
        self.assertEqual(len(inspect["BoundingCaps"]), 14)
        inspect = self.inspect(self.create("y", cap_add=["CAP_CHOWN"]))
        self.assertEqual(inspect["EffectiveCaps"], ["CAP_CHOWN"])
        self.assertEqual(inspect["BoundingCaps"], ["CAP_CHOWN"])

    def test_of_an_image_shows_its_config_under_a_prefixed_id(self) -> None:
        container = self.inspect(self.create())
        image = self.ask("GET", "/v1.41/images/localhost/probe:1/json").json()
        self.assertEqual(image["Id"], f"sha256:{container['Image']}")
        self.assertEqual(image["Config"]["User"], "10001:10001")


class ARootlessInspect(InspectCase):
    options = {}

    def test_shows_no_limit_of_the_request_but_the_rlimits(self) -> None:
        container = self.create("g1")
        self.libpod(container, "start")
        self.assert_as_real(container, "rootless")


class ARootlessInspectOnCgroupV2(InspectCase):
    options = {"info": PODMAN_CGROUP_V2}

    def test_shows_the_limits(self) -> None:
        self.assertEqual(self.ask_create(name="g1").json()["Warnings"], [])
        self.assertEqual(self.inspect("g1")["HostConfig"]["Memory"], 134217728)


class ACreate(PodmanCase):
    def test_answers_with_an_id_and_warnings(self) -> None:
        reply = self.ask_create()
        self.assertEqual(reply.status, 201)
        self.assertEqual(sorted(reply.json()), ["Id", "Warnings"])
        self.assertEqual(reply.json()["Warnings"], [])

    def test_refuses_a_name_that_is_taken_with_500(self) -> None:
        holder = self.create("c2")
        self.assert_error(
            self.ask_create(name="c2"), 500, "that name is already in use",
            f'creating container storage: the container name "c2" is already in use by {holder}. '
            "You have to remove that container to be able to reuse that name: that name is already "
            "in use")

    def test_refuses_what_it_does_not_know_with_500_and_its_own_words(self) -> None:
        unset = "json: cannot unmarshal string into Go struct field SpecGenerator.cap_drop of type "
        for changes, cause, message in (
                ({"image": "localhost/nope:9"}, "image not known", "localhost/nope:9: {}"),
                ({"networks": {"nonet": {}}}, "network not found",
                 "unable to find network with name or ID nonet: {}"),
                ({"Networks": {"nonet": {}}}, "network not found",
                 "unable to find network with name or ID nonet: {}"),
                ({"netns": {"nsmode": "pasta"}}, 'invalid network "pasta"',
                 "invalid config provided: {}"),
                ({"cap_add": ["BOGUS"]}, "unknown capability", '"CAP_BOGUS": {}'),
                ({"name": "a b"}, "invalid argument", "running container create option: names "
                 "must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: {}"),
                ({"seccomp_profile_path": "/nope.json"}, "no such file or directory",
                 "opening seccomp profile failed: open /nope.json: {}"),
                ({"cgroups_mode": "disabled"}, "invalid argument",
                 "requested OCI runtime runc is not compatible with NoCgroups: {}"),
                ({"cap_drop": "ALL"}, unset + "[]string", "decode(): {}"),
                ({"mounts": [{"destination": "/y", "type": "bind", "source": "/nonexist"}]},
                 "no such file or directory", "statfs /nonexist: {}"),
                ({"mounts": [{"destination": "/x", "type": "tmpfs", "source": "tmpfs",
                              "options": ["uid=3"]}]},
                 "invalid mount option", 'unknown mount option "uid=3": {}')):
            with self.subTest(changes):
                self.assert_error(self.ask_create(**changes), 500, cause, message.format(cause))
        self.assertEqual(self.engine.containers(), [])

    def test_ignores_members_that_it_does_not_know(self) -> None:
        self.assertEqual(self.ask_create(zork=1, Uzer="root").status, 201)

    def test_leaves_a_volume_of_the_image_to_no_disk_only_if_told_so(self) -> None:
        self.engine.add_image("localhost/probe:1", {"Cmd": ["sh"], "Volumes": {"/data": {}}})
        self.create("ignores", image_volume_mode="ignore")
        self.assertEqual(self.engine.stats()["anonymous_volumes"], 0)
        self.create("keeps", image_volume_mode=None)
        self.assertEqual(self.engine.stats()["anonymous_volumes"], 1)
        self.ask("DELETE", "/v1.41/containers/keeps?v=true")
        self.assertEqual(self.engine.stats()["anonymous_volumes"], 0)


class ARootlessCreate(PodmanCase):
    options = {}

    def test_warns_of_limits_that_it_ignores(self) -> None:
        self.assertEqual(
            self.ask_create().json()["Warnings"],
            ["Resource limits are not supported and ignored on cgroups V1 rootless systems"])

    def test_warns_of_nothing_without_limits(self) -> None:
        self.assertEqual(self.ask_create(resource_limits=None).json()["Warnings"], [])


class TheEngine(PodmanCase):
    def test_says_with_every_answer_that_it_is_a_podman(self) -> None:
        for path in ("/_ping", "/v1.41/containers/json", "/v1.41/containers/nope/logs"):
            headers = self.ask("GET", path).headers
            self.assertEqual((headers["libpod-api-version"], headers["api-version"]),
                             ("4.3.1", "1.41"))
            self.assertEqual(headers["server"], "Libpod/4.3.1 (linux)")

    def test_says_its_version_as_the_real_one(self) -> None:
        version = self.ask("GET", "/version").json()
        self.assertEqual(shape(version), shape(REAL["version"]))
        for key in ("Version", "ApiVersion", "MinAPIVersion"):
            self.assertEqual(version[key], REAL["version"][key])

    def test_looks_at_no_version_but_wants_one_for_libpod(self) -> None:
        for path, status in (("/v1.10/containers/json", 200), ("/v1.99/containers/json", 200),
                             ("/containers/json", 200), ("/v3.0.0/libpod/info", 200),
                             ("/v5.0.0/libpod/info", 200), ("/libpod/info", 501)):
            self.assertEqual(self.ask("GET", path).status, status, path)

    def test_does_not_pretend_to_calls_that_it_does_not_imitate(self) -> None:
        for method, path in (("POST", "/v1.41/containers/create"),
                             ("GET", "/v1.41/containers/x/json"), ("GET", "/v1.41/info"),
                             ("POST", f"{LIBPOD}/containers/x/wait")):
            self.assertEqual(self.ask(method, path).status, 501, path)

    def test_informs_as_the_real_one(self) -> None:
        info = self.ask("GET", f"{LIBPOD}/info").json()
        real = {**REAL["info"]}
        # The fake storage is smaller than life.
        real["store"]["graphStatus"] = info["store"]["graphStatus"]
        self.assertEqual(shape(info), shape(real))
        for key in ("cgroupManager", "cgroupVersion", "cgroupControllers", "security"):
            self.assertEqual(info["host"][key], real["host"][key], key)

    def test_knows_one_network_of_the_compatible_api(self) -> None:
        names = [row["Name"] for row in self.ask("GET", "/v1.41/networks").json()]
        self.assertEqual(names, ["bridge"])
        cause = "network not found"
        self.assert_error(self.ask("GET", "/v1.41/networks/nonet"), 404, cause,
                          f"unable to find network with name or ID nonet: {cause}")

    def test_misses_an_image_in_its_own_words(self) -> None:
        message = "failed to find image localhost/nope:9: localhost/nope:9: No such image"
        self.assert_error(self.ask("GET", "/v1.41/images/localhost/nope:9/json"), 404, message,
                          message)


class ARootlessEngine(PodmanCase):
    options = {}

    def test_has_no_controllers_on_cgroup_v1(self) -> None:
        host = self.ask("GET", f"{LIBPOD}/info").json()["host"]
        for key, value in REAL["info_rootless"]["host"].items():
            self.assertEqual(host[key], value, key)

    def test_is_what_it_is_told_to_be(self) -> None:
        for options in (PODMAN_ROOTFUL, PODMAN_CGROUP_V2,
                        {"host": {"cgroupManager": "systemd", "ociRuntime": {"name": "crun"}}}):
            with FakeEngine(kind="podman", worker=None, info=options) as engine:
                host = engine.ask("GET", f"{LIBPOD}/info").json()["host"]
                self.assertEqual(patched(host, options["host"]), host)


class AList(PodmanCase):
    maxDiff = None

    def test_is_as_the_real_one(self) -> None:
        container = self.create("g1", mounts=[{
            "destination": "/mnt/ro", "type": "bind", "source": "/", "options": ["rbind", "ro"]}])
        [row], [real] = self.listed(), REAL["list"]
        self.assertEqual(shape(row), shape(real))
        for key in ("Names", "Image", "Command", "Ports", "Labels", "NetworkSettings"):
            self.assertEqual(row[key], real[key], key)
        self.assertEqual(row["Id"], container)

    def test_begins_with_the_oldest(self) -> None:
        self.create("old")
        self.create("new")
        self.assertEqual([row["Names"] for row in self.listed()], [["/old"], ["/new"]])

    def test_finds_names_only_without_a_slash(self) -> None:
        self.create("x")
        self.assertEqual(len(self.listed(name=["^x$"])), 1)
        self.assertEqual(self.listed(name=["^/x$"]), [])

    def test_finds_labels(self) -> None:
        self.create("x")
        self.assertEqual(len(self.listed(label=["eng=1"])), 1)
        self.assertEqual(self.listed(label=["eng=2"]), [])

    def test_refuses_filters_that_it_does_not_know(self) -> None:
        self.assertEqual(self.ask("GET", '/v1.41/containers/json?filters={"zork":["x"]}').json(), {
            "cause": "zork is an invalid filter", "message": "zork is an invalid filter",
            "response": 500})
