#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One seed's world, from its first moment to its last: hosts, machines, a control plane, the people
 * who queue sessions, and everything that goes wrong. Trouble ends at some time; what is queued by
 * then must run, and nothing may be left.
 */
#include "world/host.h"
#include "world/machine.h"
#include "world/oracle.h"
#include "world/plane.h"
#include "world/scenario.h"
#include "world/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;

enum trouble {
	TROUBLE_KILL,
	TROUBLE_TERM,
	TROUBLE_QUIT,
	TROUBLE_RELOAD,
	TROUBLE_ENGINE,
	TROUBLE_IMAGE,
	TROUBLE_COMMAND,
	TROUBLE_DISK,
	TROUBLE_CLOCK,
	TROUBLE_KEY,
	TROUBLE_LIST,
	TROUBLE_QUEUE,
	TROUBLE_REDELIVERY,
	TROUBLE_OPERATOR_STOP,
	TROUBLE_MONITOR,
	TROUBLES
};

const char *trouble_name(enum trouble trouble);

/* What is added up over many seeds. */
struct world_totals {
	uint64_t seeds, simulated_ms, calls;
	uint64_t kinds[SCENARIO_KINDS];
	uint64_t wire_faults[WIRE_FAULTS];
	uint64_t troubles[TROUBLES];
	uint64_t fates[WORKER_FATES];
	struct oracle_report report;
};

struct world_options {
	uint64_t seed;
	const char *folder; /* the world's own; its state directories and keys */
	const char *policies;
	bool is_traced; /* everything that happens goes to stdout */
};

/* Runs it. NULL: everything held; else the violation, the caller's to free. */
char *world_run(const struct world_options *options, struct world_totals *totals);

/* --- what its parts share: private to world.c, told.c, place.c, people.c and troubles.c
 * ----------------
 */

struct host_life {
	struct world *world;
	struct host host;
	const struct host_scenario *scenario;
	char *folder, *config, *state_dir;
	char instance[32];
	struct sim_event start; /* the next one */
	uint64_t up_since_ms, able_since_ms, unfit_since_ms;
	uint64_t able_incarnation; /* at the last look */
	bool is_leaving;	   /* told to */
	bool has_lived_calmly;	   /* from a start to its end, since nothing goes wrong any more */
};

struct outage {
	struct world *world;
	enum trouble trouble;
	uint64_t mean_ms;
	size_t which; /* machine, environment */
	struct sim_event begin, end;
};

struct world {
	const struct world_options *options;
	struct world_totals *totals;
	struct sim *sim;
	struct scenario scenario;
	struct wire wire;
	struct plane *plane;
	struct plane_observer oracle_observer;
	struct plane_environment *environments[ENVIRONMENTS_MAX];
	struct machine *machines[MACHINES_MAX];
	struct host_life hosts[HOSTS_MAX];
	struct oracle *oracle;
	struct worker_owner worker_owner;
	struct people *people;
	struct outage outages[TROUBLES];
	struct sim_event minute, calm;
	bool is_calm, is_ending, is_over;
	uint64_t calm_since_ms, progress_ms; /* when anything last happened to a session */
};

/* told.c: who is told of what happens. told_begin(): of calls, log lines and workers. */
void told_begin(struct world *world);
struct plane_observer told_of_plane(struct world *world);
struct machine_owner told_of_machine(struct world *world);
void world_trace(struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Something has happened to a session. */
void world_note_progress(struct world *world);

/* place.c: what a host reads: its fleet file, its keys. */
void place_make(struct host_life *life);
void place_free(struct host_life *life);
void place_write_keys(struct world *world);
/* A fleet file that cannot be read, or the right one again. */
void place_spoil(struct host_life *life, bool is_spoilt);

/* people.c: who queues sessions, revives them, polls without berth, and leaves containers about. */
struct people *people_new(struct world *world);
struct people *people_free(struct people *people);
bool people_are_done(const struct people *people);
/* Its item was force-stopped, by whomever: somebody may write to it again. */
void people_lost(struct people *people, struct plane_work *work);
void people_are_calm(struct people *people);

/* troubles.c */
void troubles_begin(struct world *world);
void troubles_end(struct world *world);

/* world.c */
void world_note_who_is_unfit(struct world *world);
void life_start_later(struct host_life *life, uint64_t delay_ms);
/* Every environment has another key. */
void world_change_keys(struct world *world);
