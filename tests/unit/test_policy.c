/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "policy/policy.h"
#include "shipped_policy.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

/* The policy of a text that must be fine. */
static struct policy *parsed(const char *text)
{
	struct policy *policy = NULL;
	struct problems problems;

	problems_init(&problems);
	int r = policy_parse("p", "p.yaml", text, strlen(text), &problems, &policy);
	assert_string_equal(problems_text(&problems), "");
	assert_int_equal(r, 0);
	problems_done(&problems);
	return policy;
}

static void assert_refused(const char *text, const char *lines)
{
	struct policy *policy = NULL;
	struct problems problems;

	problems_init(&problems);
	assert_int_equal(policy_parse("p", "p.yaml", text, strlen(text), &problems, &policy),
			 -EINVAL);
	assert_string_equal(problems_text(&problems), lines);
	assert_null(policy);
	problems_done(&problems);
}

static void assert_same_promises(const struct policy *a, const struct policy *b)
{
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
	assert_int_equal(a->read_only_root, b->read_only_root);
	assert_true(a->capabilities == b->capabilities);
	assert_int_equal(a->no_new_privileges, b->no_new_privileges);
	assert_string_equal(a->seccomp, b->seccomp);
	assert_int_equal(a->pids, b->pids);
	assert_int_equal(a->memory_bytes, b->memory_bytes);
	assert_int_equal(a->swap_bytes, b->swap_bytes);
	assert_int_equal(a->cpu_millis, b->cpu_millis);
	assert_int_equal(a->nofile, b->nofile);
	assert_int_equal(a->nproc, b->nproc);
	assert_int_equal(a->core_bytes, b->core_bytes);
	assert_int_equal(a->shm_bytes, b->shm_bytes);
	assert_int_equal(a->oom_score_adj, b->oom_score_adj);
	assert_int_equal(a->volume_bytes, b->volume_bytes);
	assert_int_equal(a->network, b->network);
	assert_int_equal(a->log_bytes, b->log_bytes);
	assert_int_equal(a->require_secret, b->require_secret);
	assert_int_equal(a->unenforced, b->unenforced);
}

static void the_hardened_policy_is_hard(void **state)
{
	struct policy *policy = loaded("hardened");
	(void)state;

	assert_string_equal(policy->name, "hardened");
	assert_int_equal(policy->uid, 10001);
	assert_int_equal(policy->gid, 10001);
	assert_true(policy->read_only_root);
	assert_true(policy->capabilities == 0);
	assert_true(policy->no_new_privileges);
	assert_string_equal(policy->seccomp, "engine");
	assert_int_equal(policy->pids, 512);
	assert_true(policy->memory_bytes == (int64_t)2 << 30);
	assert_int_equal(policy->swap_bytes, 0);
	assert_int_equal(policy->cpu_millis, 2000);
	assert_int_equal(policy->core_bytes, 0);
	assert_int_equal(policy->shm_bytes, 64 << 20);
	assert_int_equal(policy->network, NETWORK_UNRESTRICTED);
	assert_null(policy->network_name);
	assert_null(policy->runtime);
	assert_int_equal(policy->log_bytes, 10 << 20);
	assert_int_equal(policy->unenforced, 0);
	assert_true(!policy->mount_roots || !policy->mount_roots[0]);
	assert_int_equal(policy->tmpfs_count, 6);
	assert_string_equal(policy->tmpfs[0].path, "/workspace");
	assert_true(policy->tmpfs[0].exec);
	assert_int_equal(policy->tmpfs[0].mode, 0700);
	assert_true(policy->tmpfs[0].size_bytes == (int64_t)1 << 30);
	assert_string_equal(policy->tmpfs[1].path, "/tmp");
	assert_int_equal(policy->tmpfs[1].mode, 01777);
	assert_string_equal(policy->tmpfs[3].path, "/mnt/memory");
	assert_false(policy->tmpfs[3].exec);
	policy_free(policy);
}

static void a_key_that_is_left_out_is_as_hard_as_in_hardened(void **state)
{
	struct policy *hardened = loaded("hardened"), *nothing = parsed("pids: 512\n");
	(void)state;

	assert_same_promises(hardened, nothing);
	assert_int_equal(nothing->tmpfs_count, 0);
	policy_free(hardened);
	policy_free(nothing);
}

static void the_digest_is_that_of_the_file(void **state)
{
	static const char text[] = "pids: 64\n";
	struct policy *policy = parsed(text);
	char digest[65];
	(void)state;

	text_sha256(digest, text, strlen(text));
	assert_string_equal(policy->digest, digest);
	policy_free(policy);
}

static void every_key_reaches_its_field(void **state)
{
	struct policy *policy = parsed("user: 7:8\n"
				       "read_only_root: false\n"
				       "capabilities: [net_bind_service, CAP_CHOWN]\n"
				       "no_new_privileges: false\n"
				       "seccomp: engine\n"
				       "pids: 16\n"
				       "memory: 6MiB\n"
				       "swap: 1MiB\n"
				       "cpus: 1.5\n"
				       "nofile: 64\n"
				       "nproc: 65\n"
				       "core: 1KiB\n"
				       "shm: 1MiB\n"
				       "oom_score_adj: 0\n"
				       "tmpfs: [{path: /a, size: 4KiB}, {path: /b, size: 1MiB, "
				       "mode: '1777', exec: true}]\n"
				       "volumes: {size: 2MiB}\n"
				       "mounts: {roots: [/srv/a, /srv/b]}\n"
				       "network: engine:sessions\n"
				       "runtime: runsc\n"
				       "require_secret: true\n"
				       "log: {size: 1MiB}\n"
				       "unenforced: [memory, seccomp]\n");
	(void)state;

	assert_int_equal(policy->uid, 7);
	assert_int_equal(policy->gid, 8);
	assert_false(policy->read_only_root);
	assert_true(policy->capabilities ==
		    ((uint64_t)1 << CAP_NET_BIND_SERVICE | (uint64_t)1 << CAP_CHOWN));
	assert_false(policy->no_new_privileges);
	assert_int_equal(policy->pids, 16);
	assert_int_equal(policy->memory_bytes, 6 << 20);
	assert_int_equal(policy->swap_bytes, 1 << 20);
	assert_int_equal(policy->cpu_millis, 1500);
	assert_int_equal(policy->nofile, 64);
	assert_int_equal(policy->nproc, 65);
	assert_int_equal(policy->core_bytes, 1024);
	assert_int_equal(policy->shm_bytes, 1 << 20);
	assert_int_equal(policy->oom_score_adj, 0);
	assert_int_equal(policy->tmpfs_count, 2);
	assert_int_equal(policy->tmpfs[0].mode, 0700);
	assert_false(policy->tmpfs[0].exec);
	assert_int_equal(policy->tmpfs[1].mode, 01777);
	assert_true(policy->tmpfs[1].exec);
	assert_int_equal(policy->volume_bytes, 2 << 20);
	assert_string_equal(policy->mount_roots[0], "/srv/a");
	assert_string_equal(policy->mount_roots[1], "/srv/b");
	assert_null(policy->mount_roots[2]);
	assert_int_equal(policy->network, NETWORK_ENGINE);
	assert_string_equal(policy->network_name, "sessions");
	assert_string_equal(policy->runtime, "runsc");
	assert_true(policy->require_secret);
	assert_int_equal(policy->log_bytes, 1 << 20);
	assert_int_equal(policy->unenforced, WAIVE_MEMORY | WAIVE_SECCOMP);
	policy_free(policy);
}

static void root_is_refused_as_user_and_as_group(void **state)
{
	static const char root[] = "p.yaml:1:7: user: must not be root, neither the user nor the "
				   "group: choose ids that nobody has on the host, such as "
				   "10001:10001\n";
	(void)state;

	assert_refused("user: 0:10001\n", root);
	assert_refused("user: 10001:0\n", root);
	assert_refused("user: 000:5\n", root);
}

static void a_user_that_is_not_two_numbers_is_refused(void **state)
{
	static const char *const wrong[] = {"agent",  "10001",	"'10001:'",	  "'1:2:3'",
					    "':5'",   "'-1:5'", "'5:+5'",	  "4294967295:5",
					    "'5: 5'", "0x5:5",	"'5:99999999999'"};
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct policy *policy = NULL;
		struct problems problems;
		char text[64];

		(void)snprintf(text, sizeof(text), "user: %s\n", wrong[i]);
		problems_init(&problems);
		assert_int_equal(
			policy_parse("p", "p.yaml", text, strlen(text), &problems, &policy),
			-EINVAL);
		assert_non_null(strstr(problems_text(&problems), "must be UID:GID in numbers"));
		problems_done(&problems);
	}
}

static void a_session_never_runs_without_a_system_call_filter(void **state)
{
	(void)state;
	assert_refused("seccomp: unconfined\n",
		       "p.yaml:1:10: seccomp: must be 'engine' (the profile that the engine "
		       "brings), the name of a .json file beside the policy, or an absolute path; "
		       "a session never runs without one: not 'unconfined'\n");
}

static void a_session_is_never_confined_by_nothing(void **state)
{
	struct policy *policy = parsed("apparmor: own-profile\nselinux: own_t\n"
				       "user_namespace: required\n");
	(void)state;

	assert_string_equal(policy->apparmor, "own-profile");
	assert_string_equal(policy->selinux, "own_t");
	assert_int_equal(policy->user_namespace, USER_NAMESPACE_REQUIRED);
	policy_free(policy);
	policy = parsed("pids: 512\n");
	assert_null(policy->apparmor);
	assert_null(policy->selinux);
	assert_int_equal(policy->user_namespace, USER_NAMESPACE_ENGINE);
	policy_free(policy);
	assert_refused("apparmor: unconfined\n",
		       "p.yaml:1:11: apparmor: 'unconfined' takes the engine's own profile away: "
		       "leave `apparmor` out to keep that\n");
	assert_refused("apparmor: a,b\n",
		       "p.yaml:1:11: apparmor: must be the name of a profile: letters, digits and "
		       "_ . / -, not 'a,b'\n");
	assert_refused("selinux: spc_t\n",
		       "p.yaml:1:10: selinux: 'spc_t' is confined by nothing: leave `selinux` out "
		       "to keep the engine's own type\n");
	assert_refused("selinux: 'a:b'\n",
		       "p.yaml:1:10: selinux: must be a type such as container_t: letters, digits "
		       "and _, not 'a:b'\n");
	assert_refused("user_namespace: host\n",
		       "p.yaml:1:17: user_namespace: must be one of engine, required, not "
		       "'host'\n");
}

static void a_limit_of_what_is_written_needs_something_to_write_to(void **state)
{
	struct policy *policy = parsed("read_only_root: false\ndisk: 1GiB\n");
	(void)state;

	assert_int_equal(policy->disk_bytes, 1 << 30);
	policy_free(policy);
	policy = parsed("read_only_root: false\n");
	assert_true(policy->disk_bytes == OPTION_NOT_SET);
	policy_free(policy);
	assert_refused("disk: 1GiB\n",
		       "p.yaml:1:7: disk: nothing is written to disk where the root is read-only: "
		       "leave it out, or say `read_only_root: false`\n");
}

static void keeping_all_capabilities_is_refused(void **state)
{
	(void)state;
	assert_refused("capabilities: [CHOWN, ALL]\n",
		       "p.yaml:1:23: capabilities: must name each capability that is kept: 'ALL' "
		       "would keep every one of them, which undoes the policy\n");
}

static void cpus_are_a_decimal_number(void **state)
{
	static const struct {
		const char *text;
		int64_t millis;
	} good[] = {
		{"cpus: 2\n", 2000},	{"cpus: 0.01\n", 10},	{"cpus: 1.5\n", 1500},
		{"cpus: 1.05\n", 1050}, {"cpus: 0.125\n", 125}, {"cpus: 1024\n", 1024000},
	};
	static const char *const bad[] = {"cpus: two\n",   "cpus: 1.\n",      "cpus: .5\n",
					  "cpus: 1,5\n",   "cpus: 1.0005\n",  "cpus: -1\n",
					  "cpus: 1e3\n",   "cpus: 99999\n",   "cpus: 0\n",
					  "cpus: 0.009\n", "cpus: 1024.001\n"};
	(void)state;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct policy *policy = parsed(good[i].text);
		assert_int_equal(policy->cpu_millis, good[i].millis);
		policy_free(policy);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct policy *policy = NULL;
		struct problems problems;

		problems_init(&problems);
		assert_int_equal(
			policy_parse("p", "p.yaml", bad[i], strlen(bad[i]), &problems, &policy),
			-EINVAL);
		assert_int_equal(problems.count, 1);
		problems_done(&problems);
	}
}

static void limits_an_engine_would_refuse_are_refused_here(void **state)
{
	(void)state;
	assert_refused("memory: 5MiB\npids: 0\nshm: 0\noom_score_adj: -1\nnofile: 1\n",
		       "p.yaml:1:9: memory: must be from 6MiB to 16TiB, not '5MiB'\n"
		       "p.yaml:2:7: pids: must be from 16 to 4194304, not '0'\n"
		       "p.yaml:3:6: shm: must be from 64KiB to 1TiB, not '0'\n"
		       "p.yaml:4:16: oom_score_adj: must be from 0 to 1000, not '-1'\n"
		       "p.yaml:5:9: nofile: must be from 64 to 1048576, not '1'\n");
}

static void a_tmpfs_needs_an_absolute_path_in_its_shortest_form(void **state)
{
	static const char *const wrong[] = {"tmp", "/tmp/", "/a//b", "/a/../b", "/a/."};
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[128], lines[256];

		(void)snprintf(text, sizeof(text), "tmpfs: [{path: %s, size: 1MiB}]\n", wrong[i]);
		(void)snprintf(lines, sizeof(lines),
			       "p.yaml:1:16: path: must be an absolute path without '.', '..' or a "
			       "trailing '/', not '%s'\n",
			       wrong[i]);
		assert_refused(text, lines);
	}
}

#define TAKEN ": /, /proc, /sys, /dev and /run/berth are not for a tmpfs\n"

static void a_tmpfs_never_covers_what_the_engine_mounts(void **state)
{
	(void)state;
	assert_refused("tmpfs:\n"
		       "  - {path: /, size: 1MiB}\n"
		       "  - {path: /proc, size: 1MiB}\n"
		       "  - {path: /sys/fs, size: 1MiB}\n"
		       "  - {path: /dev, size: 1MiB}\n"
		       "  - {path: /run/berth, size: 1MiB}\n"
		       "  - {path: /development, size: 1MiB}\n",
		       "p.yaml:2:12: path: must not cover '/'" TAKEN
		       "p.yaml:3:12: path: must not cover '/proc'" TAKEN
		       "p.yaml:4:12: path: must not cover '/sys/fs'" TAKEN
		       "p.yaml:5:12: path: must not cover '/dev'" TAKEN
		       "p.yaml:6:12: path: must not cover '/run/berth'" TAKEN);
}

static void two_tmpfs_at_one_path_are_refused_once_each(void **state)
{
	(void)state;
	assert_refused("tmpfs:\n"
		       "  - {path: /a, size: 1MiB}\n"
		       "  - {path: /b, size: 1MiB}\n"
		       "  - {path: /a, size: 1MiB}\n"
		       "  - {path: /a, size: 1MiB}\n",
		       "p.yaml:4:12: path: there is a tmpfs at '/a' already\n"
		       "p.yaml:5:12: path: there is a tmpfs at '/a' already\n");
}

static void a_tmpfs_needs_path_and_size_and_a_sane_mode(void **state)
{
	(void)state;
	assert_refused("tmpfs: [{mode: '0700'}]\n", "p.yaml:1:9: 'path' is missing\n"
						    "p.yaml:1:9: 'size' is missing\n");
	assert_refused("tmpfs:\n  -\n", "p.yaml:2:4: 'path' is missing\n"
					"p.yaml:2:4: 'size' is missing\n");
	assert_refused("tmpfs: [{path: /a, size: 1MiB, mode: '4755'}]\n",
		       "p.yaml:1:38: mode: must not set the set-user-id or set-group-id bit: "
		       "'4755'\n");
	assert_refused("tmpfs: [{path: /a, size: 1MiB, mode: rwx}]\n",
		       "p.yaml:1:38: mode: must be three or four octal digits such as 0700, not "
		       "'rwx'\n");
	assert_refused("tmpfs: [{path: /a, size: 1MiB, mode: '0788'}]\n",
		       "p.yaml:1:38: mode: must be three or four octal digits such as 0700, not "
		       "'0788'\n");
}

static void mount_roots_are_absolute_and_never_everything(void **state)
{
	(void)state;
	assert_refused("mounts: {roots: [/, srv, /srv/..]}\n",
		       "p.yaml:1:18: roots: must list absolute paths without '.', '..' or a "
		       "trailing '/', and not '/' itself; not '/'\n"
		       "p.yaml:1:21: roots: must list absolute paths without '.', '..' or a "
		       "trailing '/', and not '/' itself; not 'srv'\n"
		       "p.yaml:1:26: roots: must list absolute paths without '.', '..' or a "
		       "trailing '/', and not '/' itself; not '/srv/..'\n");
}

static void a_waiver_names_a_promise_that_can_be_waived(void **state)
{
	(void)state;
	assert_refused("unenforced: [user]\n",
		       "p.yaml:1:14: unenforced: must be one of memory, swap, pids, cpus, "
		       "ulimits, seccomp, not 'user'\n");
	assert_refused("unenforced: [memmory]\n",
		       "p.yaml:1:14: unenforced: must be one of memory, swap, pids, cpus, "
		       "ulimits, seccomp, not 'memmory': did you mean 'memory'?\n");
}

static void the_networks_of_the_host_are_never_a_session_network(void **state)
{
	static const char *const wrong[] = {"host",
					    "bridge",
					    "",
					    "engine:",
					    "engine:host",
					    "engine:bridge",
					    "engine:none",
					    "engine:default",
					    "engine:container",
					    "engine:container:x",
					    "engine:a b",
					    "engine:-x",
					    "Unrestricted"};
	enum policy_network network = NETWORK_NONE;
	char *name = NULL;
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(policy_parse_network(wrong[i], &network, &name), -EINVAL);
	assert_null(name);
	assert_int_equal(policy_parse_network("unrestricted", &network, &name), 0);
	assert_int_equal(network, NETWORK_UNRESTRICTED);
	assert_null(name);
	assert_int_equal(policy_parse_network("engine:my-net_1.x", &network, &name), 0);
	assert_int_equal(network, NETWORK_ENGINE);
	assert_string_equal(name, "my-net_1.x");
	free(name);
	assert_refused("network: limited\n",
		       "p.yaml:1:10: network: must be none, unrestricted or engine:NAME of a "
		       "network of the operator's (never the host's), not 'limited'\n");
	assert_refused("network: unrestrited\n",
		       "p.yaml:1:10: network: must be none, unrestricted or engine:NAME of a "
		       "network of the operator's (never the host's), not 'unrestrited': did you "
		       "mean 'unrestricted'?\n");
}

static void all_problems_of_a_policy_come_together(void **state)
{
	(void)state;
	assert_refused("memmory: 1GiB\nuser: root\ntmpfs: {}\n",
		       "p.yaml:1:1: unknown key 'memmory': did you mean 'memory'?\n"
		       "p.yaml:2:7: user: must be UID:GID in numbers, such as 10001:10001, not "
		       "'root'\n"
		       "p.yaml:3:8: tmpfs: must be a list of sections\n");
	assert_refused("user: [\n",
		       "p.yaml:2:1: not valid YAML: did not find expected node content while "
		       "parsing a flow node\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hardened_policy_is_hard),
		cmocka_unit_test(a_key_that_is_left_out_is_as_hard_as_in_hardened),
		cmocka_unit_test(the_digest_is_that_of_the_file),
		cmocka_unit_test(every_key_reaches_its_field),
		cmocka_unit_test(root_is_refused_as_user_and_as_group),
		cmocka_unit_test(a_user_that_is_not_two_numbers_is_refused),
		cmocka_unit_test(a_session_never_runs_without_a_system_call_filter),
		cmocka_unit_test(a_session_is_never_confined_by_nothing),
		cmocka_unit_test(a_limit_of_what_is_written_needs_something_to_write_to),
		cmocka_unit_test(keeping_all_capabilities_is_refused),
		cmocka_unit_test(cpus_are_a_decimal_number),
		cmocka_unit_test(limits_an_engine_would_refuse_are_refused_here),
		cmocka_unit_test(a_tmpfs_needs_an_absolute_path_in_its_shortest_form),
		cmocka_unit_test(a_tmpfs_never_covers_what_the_engine_mounts),
		cmocka_unit_test(two_tmpfs_at_one_path_are_refused_once_each),
		cmocka_unit_test(a_tmpfs_needs_path_and_size_and_a_sane_mode),
		cmocka_unit_test(mount_roots_are_absolute_and_never_everything),
		cmocka_unit_test(a_waiver_names_a_promise_that_can_be_waived),
		cmocka_unit_test(the_networks_of_the_host_are_never_a_session_network),
		cmocka_unit_test(all_problems_of_a_policy_come_together),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
