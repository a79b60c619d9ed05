#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How it is proven that a session has what its policy promises: one row for each field of a policy,
 * with the proof that each kind of engine allows. The proofs themselves are in docker_verify.c,
 * podman_verify.c, verify_contents.c, oci_config.c, podman_seccomp.c, proof.c and the dialects'
 * check_host; what cannot be proven cannot be promised, so a new field of a policy needs its row
 * here. What the kernel shows of a process once it runs is looked at besides: proof_state.c. Pure.
 */
#include "engine/dialect.h"
#include "policy/policy.h"

enum evidence {
	/* The policy asks for nothing there: it is the engine's choice, or not limited. */
	EVIDENCE_NONE,
	/* The engine's own account of the container that it made (inspect) is compared with what
	 * was asked for, before the work item is taken. */
	EVIDENCE_INSPECT,
	/* The same, and then the kernel is asked about the process of the session that runs, which
	 * is ended if it has more. Where berth does not see the engine's processes (another host,
	 * another name space of processes) the engine's account is all there is: the log says so,
	 * once (`unseen`). */
	EVIDENCE_RUNNING,
	/* The kernel is asked about the container's first process and its cgroup before that
	 * process runs, because the engine's account proves nothing. */
	EVIDENCE_PROCESS,
	/* What the engine says of itself (info) when it is connected: it is so for all containers,
	 * and shows in none. */
	EVIDENCE_INFO,
	/* What the engine has written for its OCI runtime is read before the worker runs, because
	 * no inspect shows it. */
	EVIDENCE_RUNTIME,
	/* The engine is asked again and again while the session runs, and berth ends a session that
	 * has more. */
	EVIDENCE_MEASURE,
	/* No engine has a part in it: berth refuses the item before it is taken. */
	EVIDENCE_BERTH,
};

struct promise {
	const char *field; /* the key in a policy file */
	unsigned waivers;  /* bits of enum policy_waiver: any of them waives it */
	enum evidence docker, podman;
	/* Whether the policy asks for something there. NULL: every policy does. */
	bool (*is_made)(const struct policy *policy);
};

/* Ends with a field that is NULL. */
extern const struct promise promises[];

/* The proof of that promise of `policy` on an engine that speaks `dialect`. */
enum evidence evidence_of(const struct promise *promise, const struct policy *policy,
			  const struct dialect *dialect);

/* "inspect", "process", "info", ... */
const char *evidence_name(enum evidence evidence);

/* What that means, as the end of a sentence: "compared with what the engine made of it". */
const char *evidence_text(enum evidence evidence);
