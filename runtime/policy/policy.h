#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One hardening policy, as read from a policy file: what every session container is promised to be
 * and to be kept from. Pure values; the fleet owns them and they never change.
 */
#include "base/err.h"
#include "policy/option.h"
#include "policy/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum policy_network {
	NETWORK_NONE,	      /* no interface but loopback */
	NETWORK_UNRESTRICTED, /* berth's own bridge on that engine, sessions kept apart */
	NETWORK_ENGINE,	      /* the operator's own network, by name */
};

enum policy_user_namespace {
	USER_NAMESPACE_ENGINE,	 /* as the engine does it */
	USER_NAMESPACE_REQUIRED, /* uid 0 of a session is not the host's */
};

struct policy_tmpfs {
	char *path;
	int64_t size_bytes;
	unsigned mode; /* permission bits */
	bool exec;     /* programs may be run from it; always nosuid and nodev */
};

/* The promises that an operator can waive with `unenforced:`, as bits of policy.unenforced. */
enum policy_waiver {
	WAIVE_MEMORY = 1 << 0,
	WAIVE_SWAP = 1 << 1,
	WAIVE_PIDS = 1 << 2,
	WAIVE_CPUS = 1 << 3,
	WAIVE_ULIMITS = 1 << 4,
	WAIVE_SECCOMP = 1 << 5,
};

struct policy {
	char *name;	       /* the file's, without ".yaml" */
	char *extends;	       /* the policy it is laid over, NULL: none */
	uint64_t capabilities; /* bit N: capability number N is kept; everything else is dropped */
	uint32_t uid, gid;
	enum policy_user_namespace user_namespace;
	enum policy_network network;
	unsigned unenforced; /* bits of enum policy_waiver */
	bool read_only_root;
	bool no_new_privileges;
	bool require_secret;   /* an item without a secret of its own is refused */
	char *apparmor;	       /* name of a profile, NULL: the engine's choice */
	char *selinux;	       /* type of the processes, NULL: the engine's choice */
	char *seccomp;	       /* "engine": the engine's own profile; else a file's */
	char *seccomp_file;    /* absolute, NULL: the engine's own */
	char *seccomp_profile; /* its content as one line of JSON, NULL likewise */
	int64_t pids;
	int64_t memory_bytes;
	int64_t swap_bytes; /* on top of memory */
	int64_t cpu_millis; /* thousandths of a CPU */
	int64_t nofile, nproc, core_bytes;
	int64_t shm_bytes;
	int64_t oom_score_adj;
	struct policy_tmpfs *tmpfs;
	size_t tmpfs_count;
	int64_t disk_bytes;   /* most that is written outside of tmpfs; OPTION_NOT_SET: any */
	int64_t volume_bytes; /* size of the tmpfs that covers each VOLUME of an image */
	char **mount_roots;   /* NULL-ended: host directories that mounts may come from */
	char *network_name;   /* with NETWORK_ENGINE */
	char *runtime;	      /* OCI runtime by the engine's name for it, NULL for its default */
	int64_t log_bytes;    /* kept of a container's output */
	char digest[65]; /* SHA-256 of the file, of those it extends, and of its seccomp profile */
};

/* What a policy file can say: see option.h. */
extern const struct option policy_options[];

/* Reads the policy `name`: DIRECTORY/NAME.yaml of the first directory that has it, laid over the
 * one it extends. `directories` ends with NULL. Every problem of the files goes to `problems`;
 * -ENOENT, with a problem that names what there is, when no directory has it. */
int policy_load(const char *name, const char *const *directories, struct problems *problems,
		struct policy **ret);

/* The same from one text; `file` is for messages. Nothing else of the machine is looked at:
 * neither what it extends, nor a seccomp profile, nor the directories that mounts come from. */
int policy_parse(const char *name, const char *file, const char *text, size_t len,
		 struct problems *problems, struct policy **ret);

/* NULL is fine; returns NULL. */
struct policy *policy_free(struct policy *policy);

/* What policy_parse_network() takes, see struct option. */
#define POLICY_NETWORK_PATTERN "^(none|unrestricted|engine:[A-Za-z0-9][A-Za-z0-9_.-]{0,127})$"

/* "none", "unrestricted" or "engine:NAME" into a network and a name of the caller's (NULL unless
 * NETWORK_ENGINE). -EINVAL. */
int policy_parse_network(const char *text, enum policy_network *ret, char **ret_name);

/* ERR_INPUT: what a network must be that policy_parse_network() refused, and which one `text` was
 * probably meant to be. Returns -EINVAL. */
int policy_refuse_network(const char *text, struct err *err);
