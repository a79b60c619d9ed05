#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How it is proven that a session has what its policy promises: one row for each field of a policy,
 * with the proof that each kind of engine allows. The proofs themselves are in docker_verify.c,
 * podman_verify.c, proof.c and the dialects' check_host; what cannot be proven cannot be promised,
 * so a new field of a policy needs its row here. Pure.
 */
#include "engine/dialect.h"

enum evidence {
	/* The engine's own account of the container that it made (inspect) is compared with what
	 * was asked for, before the work item is taken. */
	EVIDENCE_INSPECT,
	/* The kernel is asked about the container's first process and its cgroup before that
	 * process runs, because the engine's account proves nothing. */
	EVIDENCE_PROCESS,
	/* What the engine says of itself (info) when it is connected: it is so for all containers,
	 * and shows in none. */
	EVIDENCE_INFO,
};

struct promise {
	const char *field; /* the key in a policy file */
	unsigned waivers;  /* bits of enum policy_waiver: any of them waives it */
	enum evidence docker, podman;
};

/* Ends with a field that is NULL. */
extern const struct promise promises[];

/* The proof of that promise on an engine that speaks `dialect`. */
enum evidence evidence_of(const struct promise *promise, const struct dialect *dialect);

/* "inspect", "process", "info". */
const char *evidence_name(enum evidence evidence);

/* What that means, as the end of a sentence: "compared with what the engine made of it". */
const char *evidence_text(enum evidence evidence);
