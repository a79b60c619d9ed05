#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One session between a modelled engine and a modelled queue, on the virtual clock: one item, one
 * container name, one worker. Faults are laid over the models by name of the call: "create",
 * "prepare", "start", "inspect", "measure", "logs", "kill", "remove", "ack", "stop", "list".
 *
 *   struct session_world world;  world_init(&world);
 *   world_fault(&world, (struct fault){.op = "start", .status = 500, .times = 1});
 *   world_launch(&world);  fake_run(world.loop, 60000);
 *   assert_string_equal(world.calls, "create inspect ack start start ...");
 */
#include "fake_io.h"
#include "fake_process.h"
#include "session/session.h"
#include "unit/plan_fixture.h"

#define WORLD_PODMAN_INIT "/run/podman-init"
#define WORLD_ID	  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define WORLD_TOKEN	  "sk-ant-req-EXAMPLE"
#define WORLD_SECRET	  "d29ybGQtc2VjcmV0"

/* What happens to a call instead of what the model would do. */
struct fault {
	const char *op;
	unsigned after;		   /* calls of this name that are let pass first */
	unsigned times;		   /* 0: from then on */
	enum http_outcome outcome; /* HTTP_REPLIED unless said otherwise */
	long status;
	const char *body;  /* NULL: empty */
	bool takes_effect; /* the model does it all the same */
	uint64_t after_ms;
};

struct world_container {
	struct json_object *request; /* NULL: there is none */
	enum container_status status;
	int64_t created_at_ms, started_at_ms, finished_at_ms;
	int exit_code;
	bool is_prepared; /* Podman: it has a process that waits */
	bool start_was_cut_off;
};

struct world_item {
	enum work_state state;
	int64_t acknowledged_at_ms, started_at_ms, latest_heartbeat_at_ms;
};

struct session_world {
	bool is_podman;
	struct loop *loop;
	struct engine *engine;
	struct fixture plan; /* the policy, the image, the secrets */
	struct fleet fleet;
	struct environment config;
	struct queue_peer peer;
	struct lookup *lookup;
	struct site site;
	struct session *session; /* NULL when it has ended */

	struct world_container container;
	bool cuts_off_start; /* Podman: killed in it; what runs is then taken for prepared */
	bool name_is_left;   /* Podman: in use by nothing but what a create left that was cut off */
	struct world_item item;
	struct fault faults[8];
	unsigned fault_count;
	unsigned calls_made[8]; /* by fault */
	char calls[16384];	/* names of the calls about this session, in order */
	char *bodies[64];	/* of the last replies */
	unsigned body_count;

	/* The worker: 0 means never. */
	uint64_t beats_after_ms, exits_after_ms;
	int exit_code;
	bool stops_its_item, ignores_term, is_silent; /* silent: no event tells its exit */
	bool may_stop_what_is_held; /* else a force-stop of an item with a heartbeat is a failure */
	const char *last_words;	    /* NULL: none */
	struct timer beat_timer, exit_timer, event_timer;

	int64_t written_bytes; /* to disk, by its worker; -1: the engine does not tell */

	struct process_limits limits; /* Podman: that the kernel applies to the next process */

	int log_fd, stderr_fd; /* the log goes to a file in memory meanwhile */

	/* What the site was told. */
	unsigned slots_freed, failed, launched, records, heartbeats, force_stopped, incomplete,
		ended, kept, starts;
	int recorded_exit_code;
	enum session_blame blame;
	struct err err;
	/* How many times another key will be found: by an ack, by a list. */
	unsigned keys_left, list_keys_left;
};

/* Connects the engine; the item is queued, there is no container, the worker beats after 500 ms and
 * exits with 0 after 10 s, having stopped its item. */
void world_init(struct session_world *world);
/* The same with a Podman, whose containers have the limits that they were asked for. */
void world_init_podman(struct session_world *world);
/* Also checks what must hold at any end of a session, and that the log tells no secret. */
void world_done(struct session_world *world);

void world_fault(struct session_world *world, struct fault fault);
/* As if a poll had brought the item. */
void world_launch(struct session_world *world);
void world_refuse(struct session_world *world);
/* A container of an earlier run, in `status`; its item was acked, or not, before. */
void world_leave_container(struct session_world *world, enum container_status status);
/* What its label says of when its item was claimed. */
void world_say_claimed(struct session_world *world, int64_t ms);
void world_adopt(struct session_world *world);
/* What Podman does to its container when it is asked to prepare it; the status it answers with. */
long world_prepare(struct session_world *world);

bool world_has(const struct session_world *world, const char *call);
unsigned world_count(const struct session_world *world, const char *call);
