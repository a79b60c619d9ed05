#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks, one row each: what it is called, and the function that looks and judges. A further
 * check is a function and a row in the list of its kind. Nothing is claimed, acked, made or left by
 * any of them, save for the container of doctor_look_inside().
 */
#include "cli/visit.h"
#include "config/fleet.h"
#include "doctor/report.h"
#include "queue/api.h"

#include <stdbool.h>

struct doctor {
	const struct fleet *fleet;
	struct visit visit;
	struct report report;
	const char *host_root; /* stands before every path of the host; "" for "/" */
	bool looks_inside;
	struct policy *default_policy; /* judged where no environment names one */
};

/* What the control plane says of an environment; asked once for all checks. */
struct control_plane {
	bool was_asked; /* else there is no key to ask with */
	enum queue_outcome outcome;
	long http_status;
	int64_t skew_ms; /* its clock minus ours */
	bool has_time;
	uint64_t duration_ms;
	int64_t depth; /* negative: not said */
	struct err err;
};

/* Whom a check is about. */
struct subject {
	struct doctor *doctor;
	struct visited_engine *engine;	       /* NULL: the host */
	const struct environment *environment; /* NULL: the engine */
	const struct control_plane *plane;     /* of the environment */
};

struct check {
	const char *id; /* stable: programs go by it */
	void (*look)(const struct subject *subject, struct finding *finding);
	bool needs_engine; /* nothing can be said while the engine does not answer */
};

/* Each list ends with an id that is NULL. */
extern const struct check host_checks[];
extern const struct check engine_checks[];
extern const struct check rootless_checks[];
extern const struct check environment_checks[];
extern const struct check queue_checks[];

/* Goes through a list, until a signal comes. */
void doctor_check(const struct subject *subject, const struct check *checks);

/* "policy.NAME.FIELD", for each policy that is used on the engine. */
void doctor_check_policies(const struct subject *subject);

/* "inside.*": starts one container as a session of the environment would get it, without network
 * and key, has it look around, and removes it whatever happens. */
void doctor_look_inside(const struct subject *subject);

/* Removes the containers of doctors that were killed. */
void doctor_remove_leftovers(struct doctor *doctor);

/* Asks for the numbers of the environment's queue. */
void doctor_ask_control_plane(struct doctor *doctor, const struct environment *environment,
			      struct control_plane *ret);

/* A further row about the subject. */
struct finding *doctor_add(const struct subject *subject, const char *check);

/* The i-th different policy that is used on that engine, or NULL. */
const struct policy *doctor_policy(const struct doctor *doctor,
				   const struct engine_settings *engine, size_t i);

/* Bits of enum policy_waiver that some policy there does not waive. */
unsigned doctor_promised(const struct doctor *doctor, const struct engine_settings *engine);

/* `text` as one word of a shell's command line, in quotes where it needs them. The caller's. */
char *doctor_word(const char *text);

/* The command line of that engine's own client: "docker -H unix:///run/docker.sock". The caller's.
 */
char *doctor_client(const struct visited_engine *engine);
