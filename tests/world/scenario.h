#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one seed's world is like: who is there, how many, for how long, and what goes wrong. A value
 * that is drawn before anything happens.
 */
#include "world/host.h"
#include "world/machine.h"
#include "world/plane.h"
#include "world/wire.h"

#define HOSTS_MAX	 3
#define MACHINES_MAX	 3
#define ENVIRONMENTS_MAX 4

enum scenario_kind {
	SCENARIO_ONE_HOST,    /* one berth, one engine */
	SCENARIO_TWO_ENGINES, /* one berth, two engines, environments on either */
	SCENARIO_TWO_HOSTS,   /* two machines, two berths, the same environments */
	SCENARIO_NEIGHBOURS,  /* two berths of different instances on one engine */
	SCENARIO_CRON,	      /* nothing but drains, for thirty days */
	SCENARIO_MIXED,	      /* one serves, one drains from cron */
	SCENARIO_KINDS
};

struct host_scenario {
	bool is_cron;
	uint64_t cron_every_ms;
	bool drains_wait, drains_detach;
	int64_t drains_max_sessions, drains_max_time_ms; /* 0: without */
	int64_t sessions;				 /* the host's cap */
	size_t machines[HOST_ENGINES];			 /* indexes */
	size_t machine_count;
	int64_t launches;
	bool captures_output, stops_on_shutdown;
};

struct environment_scenario {
	int64_t sessions, first_heartbeat_ms, session_ms, stop_grace_ms, ack_within_ms, weight;
	uint64_t idle_max_ms;
	const char *pull, *credential;
	bool is_exclusive;
	struct plane_options plane;
	size_t engine; /* index of its host's machines */
};

/* How often one of these comes, in a world's troubled time; 0: never. Mean time between, in ms. */
struct trouble_scenario {
	uint64_t kills, terms, quits, reloads;
	uint64_t engine_outages, image_outages, command_outages, disk_outages, clock_jumps;
	uint64_t key_outages, list_outages, queue_outages;
	uint64_t redeliveries, operator_stops, monitor_kills;
	uint64_t longest_outage_ms;
};

struct scenario {
	enum scenario_kind kind;
	enum machine_kind machine_kinds[MACHINES_MAX];
	size_t machine_count, host_count, environment_count;
	struct host_scenario hosts[HOSTS_MAX];
	struct environment_scenario environments[ENVIRONMENTS_MAX];
	struct trouble_scenario trouble;
	struct machine_trouble machine_trouble;
	struct wire_weather queue_weather, engine_weather;
	bool has_foreign_pollers, has_strangers;
	unsigned sessions;	   /* to be queued */
	unsigned healthcheck_rate; /* items that are no session, in 10,000 */
	unsigned no_secret_rate;
	/* Workers, in 10,000 of their containers; the rest work. */
	unsigned dies_unbeaten, hangs_unbeaten, dies_beaten, hangs_beaten, loses_lease,
		leaves_early, is_killed_for_memory;
	unsigned poison_rate; /* sessions all of whose containers die unbeaten */
	uint64_t longest_work_ms;
	uint64_t arrivals_ms; /* for how long sessions are queued */
	uint64_t troubled_ms; /* for how long things go wrong */
};

void scenario_draw(struct scenario *ret, struct sim *sim);
const char *scenario_kind_name(enum scenario_kind kind);
