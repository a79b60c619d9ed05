#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the oracle share. Private to oracle*.c. */
#include "base/hash.h"
#include "world/oracle.h"

/* What is known of one container, also after it is gone. */
struct trace {
	char id[65];
	char instance[64];
	char *work_id;
	struct host *made_by;
	struct machine_container *container; /* NULL: removed */
	size_t environment;		     /* index; of no use if `work_id` is NULL */
	unsigned lease;			     /* of its item when it was made */
	uint64_t made_ms, started_ms;	     /* 0: not */
	uint64_t told_ms;		     /* SIGTERM, last; 0: not */
	uint64_t set_back_ms;		     /* its engine's clock, since then, in all */
	unsigned records;
	bool is_counted; /* against the caps, while it runs */
	bool has_beaten;
	bool was_told; /* to end, by its berth */
	bool was_adopted;
	bool is_going;		/* its berth removes it */
	bool was_started_late;	/* by a call that nobody waited for any more */
	bool was_started_going; /* such a call came while its berth removed it */
	bool was_late;		/* made by a call that nobody waited for any more */
	bool was_removed_by_berth;
	bool was_cut_off; /* its start was: to its end the engine says that it waits for one */
	uint64_t removed_incarnation; /* of its berth at that time; 0: it did not run */
	uint64_t ended_ms;	      /* 0: it runs, or never did */
	bool is_believed; /* its berth takes it for running, since then, in that incarnation: */
	uint64_t believed_ms, believed_by;
	struct trace *prev, *next; /* of those that are believed to run */
	uint64_t known_by;	   /* incarnation of its berth; 0: none has noticed it */
	bool is_lost; /* its berth was told that somebody else has its item, in this lease: */
	unsigned lost_lease;
	UT_hash_handle hh;
};

/* A time in which something was not possible, and the last one. */
struct spell {
	unsigned goes_on;  /* several times over */
	uint64_t until_ms; /* 0: there was none */
};

/* Until then or later, with what follows from it: a key that was refused is remembered as one that
 * may not list until another one is found. */
#define AFTERMATH_MS UINT64_C(120000)
static inline bool spell_reaches(const struct spell *spell, uint64_t ms)
{
	return spell->goes_on || (spell->until_ms != 0 && spell->until_ms + AFTERMATH_MS >= ms);
}

struct oracle_host {
	struct host *host;
	const char *instance, *state_dir;
	int64_t cap, caps[ENVIRONMENTS_MAX];
	int64_t running, runs[ENVIRONMENTS_MAX];
	uint64_t able_since_ms, unfit_since_ms, kills;
	uint64_t jumped_ms; /* when its clock last did; 0: never */
	struct spell cut_off;
};

/* Of one session, over all its items. */
struct history {
	char *session_id;
	bool is_poisoned;
	unsigned deaths; /* containers that ended without a heartbeat */
	UT_hash_handle hh;
};

struct oracle {
	struct sim *sim;
	const struct scenario *scenario;
	struct plane *plane;
	struct oracle_report *report;
	struct oracle_host hosts[HOSTS_MAX];
	size_t host_count;
	struct trace *traces;
	struct trace *believed;
	struct history *histories;
	struct spell unlisted[ENVIRONMENTS_MAX]; /* its key may not list, or do anything */
	struct spell barred[ENVIRONMENTS_MAX];	 /* its key may do anything but list */
	bool nobody_waits; /* for the answer to the call that takes effect now */
	char *violation;
};

/* The first one is kept. */
void oracle_fail(struct oracle *oracle, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct witness *witness_of(struct plane_work *work);
struct history *history_of(struct oracle *oracle, const char *session_id);
struct trace *trace_find(struct oracle *oracle, const char *container_id);
struct oracle_host *oracle_host_of(struct oracle *oracle, const struct host *host);
/* NULL: of a foreign poller. */
unsigned oracle_bit_of(struct oracle *oracle, const struct host *host);
struct oracle_host *oracle_host_by_instance(struct oracle *oracle, const char *instance);
bool oracle_knows_all_engines(const struct oracle *oracle, const struct oracle_host *host);
size_t environment_index(const struct plane_environment *environment);
const struct environment_scenario *environment_of(const struct oracle *oracle,
						  const struct plane_work *work);

/* oracle_engine.c: no key of that environment could list, then or later. */
bool oracle_may_not_list(const struct oracle *oracle, size_t environment, uint64_t since_ms);

/* oracle_left.c: whose ack it was, and what has become of its container, no berth can tell. */
bool oracle_is_beyond_telling(const struct witness *witness);
/* Acked by a berth, long ago, and forgotten: nobody has a container for it, or a
 * reason. */
bool oracle_is_stranded(struct oracle *oracle, struct plane_work *work);

/* oracle_belief.c: `state` is its session's now. */
void oracle_believe(struct oracle *oracle, struct trace *trace, enum session_state state);

/* oracle_secrets.c */
bool has_secret(const char *text);
void oracle_check_records(struct oracle *oracle);
