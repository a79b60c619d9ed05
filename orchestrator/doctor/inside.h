#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container finds when it looks around: the script that it runs, what its output says, and
 * whether that is what a policy promises and a worker needs. Pure. The output is the image's: it is
 * believed about the image, and cleaned before it is shown.
 */
#include "doctor/report.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stdint.h>

/* The command, for bash alone: most images have no other program in common. `places` are looked at
 * for whether they can be written. NULL-ended; release with inside_free_command(). */
char **inside_command(const char *const *places, size_t count);
char **inside_free_command(char **command);

struct inside {
	bool is_complete;      /* the script came to its end */
	int64_t uid, gid;      /* negative: not said; so are the others */
	uint64_t capabilities; /* of the bounding set */
	bool has_capabilities;
	int64_t no_new_privileges, seccomp;
	bool has_read_only_root;
	int64_t nofile, nproc, core_bytes; /* PROCESS_UNLIMITED where there is no limit */
	char closed[512];     /* places that cannot be written, with spaces between; "": none */
	char ca[128];	      /* the certificates of authorities; "": none */
	char node[32];	      /* "v22.1.0"; "": there is none */
	bool node_uses_proxy; /* NODE_USE_ENV_PROXY=1 */
	char proxy[32];	      /* a variable that names a proxy; "": none does */
};

void inside_parse(const char *output, struct inside *ret);

/* One judgement each. */
struct inside_check {
	const char *id;
	void (*judge)(const struct inside *inside, const struct policy *policy,
		      struct finding *finding);
};

/* Ends with an id that is NULL. */
extern const struct inside_check inside_checks[];
