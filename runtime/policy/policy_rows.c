/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy file can say. A key that is left out has the value of the policy that it extends,
 * or else of `hardened`, save for tmpfs: there is none that is not asked for.
 */
#include "policy/option.h"
#include "policy/policy.h"
#include "policy/policy_values.h"
#include "policy/seccomp.h"
#include "policy/waivers.h"

#define KIB(n) ((int64_t)(n) << 10)
#define MIB(n) ((int64_t)(n) << 20)
#define GIB(n) ((int64_t)(n) << 30)

#define FIELD(member) .offset = offsetof(struct policy, member)

static const struct option tmpfs_rows[] = {
	{.key = "path",
	 .type = OPTION_PARSED,
	 .parse = policy_parse_tmpfs_path,
	 .release = policy_release_tmpfs_path,
	 .pattern = "^/.+$",
	 .form = "/PATH",
	 .required = true,
	 .help = "Where in the container it is mounted."},
	{.key = "size",
	 .type = OPTION_SIZE,
	 .offset = offsetof(struct policy_tmpfs, size_bytes),
	 .minimum = KIB(4),
	 .maximum = GIB(1024),
	 .required = true,
	 .help = "How much it can hold. Its content is memory and counts towards `memory`."},
	{.key = "mode",
	 .type = OPTION_PARSED,
	 .parse = policy_parse_tmpfs_mode,
	 .maximum = 7777,
	 .pattern = "^[0-7]{3,4}$",
	 .form = "OCTAL",
	 .fallback = "0700",
	 .help = "Its permission bits. It belongs to the policy's `user`. Where the image already "
		 "has the directory, the engine keeps the image's bits."},
	{.key = "exec",
	 .type = OPTION_BOOL,
	 .offset = offsetof(struct policy_tmpfs, exec),
	 .fallback = "false",
	 .help = "Whether programs may be run from it. It is always nosuid and nodev."},
	{.key = NULL},
};

static const struct option mounts_rows[] = {
	{.key = "roots",
	 .type = OPTION_PARSED_LIST,
	 .parse = policy_parse_mount_root,
	 .release = policy_release_mount_roots,
	 .pattern = "^/.+$",
	 .form = "/PATH",
	 .help = "Directories of the host that an environment's `mounts` may come from. None by "
		 "default: then a session sees nothing of the host. Each must be there, be no "
		 "symbolic link, and belong, with all it lies in, to root or the user that berth "
		 "runs as, and others must not be able to write there, nor in any directory "
		 "between it and what is mounted. Nothing in /etc, /proc, /sys, /dev, /run, /boot "
		 "or "
		 "an engine's own directories, and nothing that has berth's files, a key or an "
		 "engine's socket in it."},
	{.key = NULL},
};

static const struct option volumes_rows[] = {
	{.key = "size",
	 .type = OPTION_SIZE,
	 FIELD(volume_bytes),
	 .minimum = KIB(4),
	 .maximum = GIB(1024),
	 .fallback = "256MiB",
	 .help = "Size of the tmpfs that takes the place of each VOLUME which the image declares "
		 "and neither `tmpfs` nor a mount covers."},
	{.key = NULL},
};

static const struct option log_rows[] = {
	{.key = "size",
	 .type = OPTION_SIZE,
	 FIELD(log_bytes),
	 .minimum = KIB(64),
	 .maximum = GIB(64),
	 .fallback = "10MiB",
	 .help = "How much of a session's output the engine keeps on disk; the oldest goes first."},
	{.key = NULL},
};

static const struct option_choice user_namespaces[] = {
	{"engine", USER_NAMESPACE_ENGINE},
	{"required", USER_NAMESPACE_REQUIRED},
	{NULL},
};

const struct option policy_options[] = {
	{.key = "extends",
	 .type = OPTION_STRING,
	 FIELD(extends),
	 .minimum = 1,
	 .maximum = 128,
	 .help = "The policy that this one is laid over, by its name: what is not said here is as "
		 "there. A section is laid over key by key, a list replaces the other. `null` is "
		 "the "
		 "default, whatever stands there; a key with nothing behind it is refused."},
	{.key = "user",
	 .type = OPTION_PARSED,
	 .parse = policy_parse_user,
	 .pattern = "^0*[1-9][0-9]*:0*[1-9][0-9]*$",
	 .form = "UID:GID",
	 .fallback = "10001:10001",
	 .help = "Who the session's processes run as, in numbers and never root."},
	{.key = "read_only_root",
	 .type = OPTION_BOOL,
	 FIELD(read_only_root),
	 .fallback = "true",
	 .help = "Whether the image's files are read-only; what must be written goes to `tmpfs`."},
	{.key = "capabilities",
	 .type = OPTION_PARSED_LIST,
	 .parse = policy_parse_capability,
	 .pattern = "^[A-Za-z_]+$",
	 .form = "NAME",
	 .help = "Linux capabilities that are kept; every other one is dropped. None by default."},
	{.key = "no_new_privileges",
	 .type = OPTION_BOOL,
	 FIELD(no_new_privileges),
	 .fallback = "true",
	 .help = "Whether set-user-id programs and file capabilities have no effect."},
	{.key = "seccomp",
	 .type = OPTION_PARSED,
	 .parse = policy_parse_seccomp,
	 .release = policy_release_seccomp,
	 .pattern = SECCOMP_PATTERN,
	 .form = "engine|FILE",
	 .fallback = "engine",
	 .help = "The system call filter. `engine` is the profile that the engine brings; a file "
		 "NAME.json beside the policy, or an absolute path, is one of the operator's own, "
		 "in the form that Docker and Podman share. Only root, or the user that berth runs "
		 "as, may be able to change it. Podman reads it at that path itself."},
	{.key = "apparmor",
	 .type = OPTION_PARSED,
	 .parse = policy_parse_apparmor,
	 .release = policy_release_apparmor,
	 .pattern = "^[A-Za-z0-9_/][A-Za-z0-9_./-]*$",
	 .form = "PROFILE",
	 .help = "An AppArmor profile that is loaded on the engine's host, by its name; what the "
		 "engine chooses if unset. Refused where the engine has no AppArmor."},
	{.key = "selinux",
	 .type = OPTION_PARSED,
	 .parse = policy_parse_selinux,
	 .release = policy_release_selinux,
	 .pattern = "^[A-Za-z0-9_]+$",
	 .form = "TYPE",
	 .help = "The SELinux type of the session's processes, such as container_t; what the "
		 "engine chooses if unset. Refused where the engine has no SELinux."},
	{.key = "user_namespace",
	 .type = OPTION_ENUM,
	 FIELD(user_namespace),
	 .choices = user_namespaces,
	 .fallback = "engine",
	 .help = "`required`: root in a session is not the host's root. Rootless engines and a "
		 "Docker with userns-remap do it; others are refused. `engine`: as the engine "
		 "does it."},
	{.key = "pids",
	 .type = OPTION_INT,
	 FIELD(pids),
	 .minimum = 16,
	 .maximum = 4194304,
	 .fallback = "512",
	 .help = "Most processes and threads of one session, by its cgroup."},
	/* Docker refuses less than 6 MiB of memory (API v1.41, HostConfig.Memory). */
	{.key = "memory",
	 .type = OPTION_SIZE,
	 FIELD(memory_bytes),
	 .minimum = MIB(6),
	 .maximum = GIB(16384),
	 .fallback = "2GiB",
	 .help = "Most memory of one session, with what it keeps in `tmpfs` and `shm`."},
	{.key = "swap",
	 .type = OPTION_SIZE,
	 FIELD(swap_bytes),
	 .minimum = 0,
	 .maximum = GIB(16384),
	 .fallback = "0",
	 .help = "Swap space on top of `memory`."},
	{.key = "cpus",
	 .type = OPTION_PARSED,
	 .parse = policy_parse_cpus,
	 .maximum = 1024,
	 .pattern = "^[0-9]{1,4}([.][0-9]{1,3})?$",
	 .form = "NUMBER",
	 .fallback = "2",
	 .help = "Most CPU time, in CPUs: 1.5 is one and a half."},
	{.key = "nofile",
	 .type = OPTION_INT,
	 FIELD(nofile),
	 .minimum = 64,
	 .maximum = 1048576,
	 .fallback = "4096",
	 .help = "Most open files of one process (RLIMIT_NOFILE)."},
	{.key = "nproc",
	 .type = OPTION_INT,
	 FIELD(nproc),
	 .minimum = 64,
	 .maximum = 4194304,
	 .fallback = "16384",
	 .help = "Most processes of the policy's user (RLIMIT_NPROC). The kernel counts them over "
		 "all sessions of that user on the host: at least `pids` times the number of "
		 "sessions."},
	{.key = "core",
	 .type = OPTION_SIZE,
	 FIELD(core_bytes),
	 .minimum = 0,
	 .maximum = GIB(64),
	 .fallback = "0",
	 .help = "Largest core dump (RLIMIT_CORE); 0: none."},
	/* Docker takes a ShmSize of 0 for its own default (API v1.41). */
	{.key = "shm",
	 .type = OPTION_SIZE,
	 FIELD(shm_bytes),
	 .minimum = KIB(64),
	 .maximum = GIB(1024),
	 .fallback = "64MiB",
	 .help = "Size of /dev/shm. Its content counts towards `memory`."},
	{.key = "oom_score_adj",
	 .type = OPTION_INT,
	 FIELD(oom_score_adj),
	 .minimum = 0,
	 .maximum = 1000,
	 .fallback = "500",
	 .help = "How readily the kernel ends a session, rather than something else, when the "
		 "host runs out of memory."},
	{.key = "tmpfs",
	 .type = OPTION_SECTIONS,
	 FIELD(tmpfs),
	 .count_offset = offsetof(struct policy, tmpfs_count),
	 .item_size = sizeof(struct policy_tmpfs),
	 .rows = tmpfs_rows,
	 .minimum = 0,
	 .maximum = 64,
	 .help = "Writable places, in memory, empty at the start and gone with the session."},
	{.key = "disk",
	 .type = OPTION_SIZE,
	 FIELD(disk_bytes),
	 .minimum = MIB(1),
	 .maximum = GIB(16384),
	 .help = "Only with `read_only_root: false`: how much a session may write to the engine's "
		 "disk, outside of `tmpfs`. berth asks the engine every 30 s and ends a session "
		 "that has written more, so that it may pass the limit meanwhile. No limit if "
		 "unset."},
	{.key = "volumes",
	 .type = OPTION_SECTION,
	 .rows = volumes_rows,
	 .help = "What becomes of the VOLUMEs that an image declares."},
	{.key = "mounts",
	 .type = OPTION_SECTION,
	 .rows = mounts_rows,
	 .help = "What of the host can be mounted into a session."},
	{.key = "network",
	 .type = OPTION_PARSED,
	 .parse = policy_parse_network_key,
	 .release = policy_release_network,
	 .pattern = POLICY_NETWORK_PATTERN,
	 .form = "none|unrestricted|engine:NAME",
	 .fallback = "unrestricted",
	 .help = "`none`: loopback only. `unrestricted`: a network of berth's own, sessions kept "
		 "apart. `engine:NAME`: a network that the operator made on the engine."},
	{.key = "runtime",
	 .type = OPTION_STRING,
	 FIELD(runtime),
	 .minimum = 1,
	 .maximum = 255,
	 .help = "OCI runtime, by the name the engine knows it by; the engine's default if unset. "
		 "A Podman service has one for all containers, and keeps no other."},
	{.key = "require_secret",
	 .type = OPTION_BOOL,
	 FIELD(require_secret),
	 .fallback = "false",
	 .help = "Whether an item that brings no usable secret of its own is refused, as by "
		 "`credential: secret`: then no session is ever given the environment key."},
	{.key = "log",
	 .type = OPTION_SECTION,
	 .rows = log_rows,
	 .help = "What is kept of a session's output."},
	{.key = "unenforced",
	 .type = OPTION_PARSED_LIST,
	 .parse = policy_parse_waiver,
	 .choices = waiver_choices,
	 .form = "memory|swap|pids|cpus|ulimits|seccomp",
	 .help = "Promises that an engine is allowed not to keep. Without an entry here a session "
		 "whose promise cannot be kept does not start."},
	{.key = NULL},
};
