#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold, looked at whenever something happens. It sees both ends of everything: what the
 * control plane did, what the engines did, for whom, and what berth says of it.
 */
#include "session/session.h"
#include "world/host.h"
#include "world/machine.h"
#include "world/plane.h"
#include "world/scenario.h"
#include "world/worker.h"

#include <stdbool.h>
#include <stdint.h>

struct oracle;

/* What is known of one item; plane_work->oracle. */
struct witness {
	struct host *acked_by;	 /* who moved it to `starting` in this lease; NULL: no berth */
	struct host *offered_to; /* last, in this lease */
	uint64_t offered_ms, offered_incarnation;
	unsigned starts;		  /* of containers, in this lease */
	struct machine_container *holder; /* whose first heartbeat got through in this lease */
	char holder_instance[64];	  /* of the one that held it last; "" none */
	uint64_t held_ms;		  /* since then */
	bool was_held_by_foreign;	  /* a poller that is no berth */
	bool holder_was_told;		  /* to end, by its berth */
	bool was_acked_by_foreign;
	bool was_acked_late;	   /* by a call that nobody waited for any more */
	bool is_called_stuck;	   /* by a berth that has it not in hand */
	bool is_given_up;	   /* by a berth that leaves, and names it */
	bool was_handed_out_twice; /* when it was acked already */
	unsigned acked_again;	   /* later, in this lease: bits by host; see oracle_bit_of() */
	/* Acked before it had a container, and none was made since: should its berth be killed now,
	 * nothing is left that the next start could find. */
	bool is_traceless;
	bool is_trace_taken; /* by a stranger: its container, of the berth of that time, 0 none: */
	uint64_t trace_taken_from;
	uint64_t kills, incarnation; /* of its berth, when it was acked */
};

struct oracle_report {
	uint64_t sessions_done, items, containers, force_stops, refused, records, restarts,
		log_lines;
	uint64_t edges[SESSION_STATES][SESSION_STATES]; /* how often taken */
};

struct oracle *oracle_new(struct sim *sim, const struct scenario *scenario,
			  struct oracle_report *report);
/* Whom it watches; before anything happens. */
void oracle_set_plane(struct oracle *oracle, struct plane *plane);
struct oracle *oracle_free(struct oracle *oracle);

/* The first thing that did not hold, with its moment; NULL: everything has. */
const char *oracle_violation(const struct oracle *oracle);

/* `host` serves `instance`, writes its records below `state_dir`, and may run so many sessions, of
 * each environment so many. */
void oracle_add_host(struct oracle *oracle, struct host *host, const char *instance,
		     const char *state_dir, int64_t cap, const int64_t *environment_caps);

/* Its key may list from now on, or not; `is_barred`: from that alone. */
void oracle_environment_may_list(struct oracle *oracle, size_t environment, bool may,
				 bool is_barred);
/* That berth's calls to its queue get through, or not. */
void oracle_host_is_cut_off(struct oracle *oracle, const struct host *host, bool is_cut_off);
void oracle_clock_jumps(struct oracle *oracle, const struct host *host);
/* From when on that berth runs, with its engines; 0: it does not. */
void oracle_host_is_able(struct oracle *oracle, const struct host *host, uint64_t since_ms);

void oracle_host_was_killed(struct oracle *oracle, const struct host *host);
/* Since when nothing may be claimed there: the engine is gone, or there is no room; 0: all is well.
 */
void oracle_host_is_unfit(struct oracle *oracle, const struct host *host, uint64_t since_ms);

/* To be told of everything. */
struct plane_observer oracle_plane_observer(struct oracle *oracle);
void oracle_container_created(struct oracle *oracle, struct machine_container *container,
			      struct host *by);
void oracle_container_touched(struct oracle *oracle, struct machine_container *container,
			      const char *what, struct host *by);
void oracle_container_started(struct oracle *oracle, struct machine_container *container);
void oracle_container_ended(struct oracle *oracle, struct machine_container *container);
void oracle_container_removed(struct oracle *oracle, struct machine_container *container);
void oracle_heartbeat(struct oracle *oracle, struct worker *worker);
void oracle_call_arrives(struct oracle *oracle, const struct wire_call *call);
void oracle_log_line(struct oracle *oracle, const struct host_log_line *line);
void oracle_session_is_poisoned(struct oracle *oracle, const char *session_id);
bool oracle_is_poisoned(struct oracle *oracle, const char *session_id);

/* The control plane forgets an item that was stopped long ago. */
void oracle_work_is_forgotten(struct plane_work *work);
void oracle_clock_is_set_back(struct oracle *oracle, struct machine *machine, uint64_t by_ms);
/* Once a minute of the world: limits of time, what berths believe, and what they forget. */
void oracle_look_around(struct oracle *oracle, struct machine *machine);
void oracle_check_beliefs(struct oracle *oracle);
void oracle_look_for_stranded(struct oracle *oracle);
/* What has not come to its end yet, for the caller to free; NULL: everything has. */
char *oracle_unsettled(struct oracle *oracle, struct machine *const *machines, size_t count);
void oracle_fail_final(struct oracle *oracle, const char *why);
/* Nothing goes wrong any more and everything had its time: what must hold then. */
void oracle_final(struct oracle *oracle, struct machine *const *machines, size_t count);

/* A container that berth made, or may have. */
bool trace_is_known(struct oracle *oracle, const struct machine_container *container);
