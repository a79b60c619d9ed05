#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine with one container engine: Docker 20.10 or Podman 4.3, as far as berth talks to them.
 * What they answer is what the real ones were measured to answer; the fake engine of the other
 * suites (tests/fake) gives the same answers to the same calls. Containers, their processes and
 * names outlive the engine's process, as they do there.
 *
 * What runs in a container is not modelled here: who made the machine is told of each start and
 * signal, and says when a container's process ends.
 */
#include "base/hash.h"
#include "base/json.h"
#include "engine/engine.h"
#include "world/sim.h"
#include "world/wire.h"

#include <stdbool.h>
#include <stdint.h>

enum machine_kind { MACHINE_DOCKER, MACHINE_PODMAN, MACHINE_PODMAN_ROOTLESS };

struct machine;

/* Read by who checks the world, written by the model. Names are without the leading slash. */
struct machine_container {
	struct machine *machine;
	char id[65];
	char *name;
	struct json_object *request; /* the body it was created with */
	enum container_status status;
	bool is_removing;
	int64_t created_at_ms, started_at_ms, finished_at_ms; /* by the machine's clock; 0: not */
	int exit_code;
	bool oom_killed;
	unsigned runs; /* how often it was started */
	int pid;       /* 0: none; also of one that Podman has prepared */
	bool is_prepared;
	bool was_cut_off;	 /* Podman: in its start; it runs, and is shown as created */
	bool is_command_broken;	 /* its command could not be run */
	unsigned failing_starts; /* 500 to so many more, and the last of them works */
	bool is_unfit;		 /* made from an image that no policy admits */
	UT_hash_handle by_id, by_name;
	struct sim_event event;	 /* of its removal, or its end */
	struct sim_event rumour; /* of its end */

	void *worker; /* of who made the machine */
};

/* The value of one of its labels, or of its environment; NULL: it has none. Borrowed. */
const char *machine_label(const struct machine_container *container, const char *name);
/* The caller's to free. */
char *machine_variable(const struct machine_container *container, const char *name);

struct machine_owner {
	/* Its command runs from now on. */
	void (*started)(struct machine_container *container, void *arg);
	/* A signal to its first process: "TERM" is its affair, "CONT" nobody's. (KILL is done.) */
	void (*signalled)(struct machine_container *container, const char *signal, void *arg);
	/* Its process has ended, by itself or by KILL: `worker` is of no use any more. */
	void (*ended)(struct machine_container *container, void *arg);
	/* It is about to be freed. */
	void (*removed)(struct machine_container *container, void *arg);
	/* A berth does something to it, before it happens: "start", "prepare", "tell" (a signal),
	 * "kill" (SIGKILL), "remove". */
	void (*touched)(struct machine_container *container, const char *what, struct host *by,
			void *arg);
	/* A berth has made it. */
	void (*created)(struct machine_container *container, struct host *by, void *arg);
	void *arg;
};

/* What goes wrong in the engine itself; all zero: nothing. In 10,000, each drawn by the machine's
 * sim when its moment comes. */
struct machine_trouble {
	unsigned event_lost, event_late, event_twice;
	unsigned event_false;	   /* says of a container that runs on that it has died */
	unsigned create_fails;	   /* 500 */
	unsigned start_fails;	   /* 500, nothing runs: it stays as it is */
	unsigned start_struggles;  /* 500 to one start after the other, and to the one that works */
	unsigned start_cannot_run; /* 400 (Docker), 500 or 404 (Podman): the command is not there */
	unsigned remove_fails;	   /* 500 */
	unsigned remove_takes_long; /* "removal in progress" for some seconds, 409 to others */
	unsigned kill_fails;	    /* 500, nobody is hurt */
	unsigned prepare_fails;	    /* Podman */
	unsigned start_is_cut_off;  /* Podman: runs, and is shown as created for ever */
	unsigned name_is_left;	    /* Podman: a create without an answer leaves its name in use */
	unsigned vanishes;	    /* a container that has exited is removed by a stranger */
	uint64_t slow_ms;	    /* calls take up to so long */
};

struct machine *machine_new(struct sim *sim, const char *name, enum machine_kind kind,
			    const struct machine_owner *owner);
struct machine *machine_free(struct machine *machine);

/* Where its engine listens: what goes into a fleet's `socket:`, without "unix://". */
const char *machine_socket(const struct machine *machine);
enum machine_kind machine_kind(const struct machine *machine);

void machine_set_trouble(struct machine *machine, const struct machine_trouble *trouble);
enum machine_image {
	IMAGE_IS_GONE, /* and cannot be pulled */
	IMAGE_IS_GOOD,
	IMAGE_IS_UNFIT, /* another one by the same name: no policy admits it */
};

/* The image of every session. */
void machine_set_image(struct machine *machine, enum machine_image image);
enum machine_image machine_image(const struct machine *machine);
/* The command in every image cannot be run: the engine's init says so after the start (exit code
 * 127), or the engine at the start. */
void machine_set_command_is_broken(struct machine *machine, bool is_broken);
/* What the kernel says is free, in bytes. */
void machine_set_room(struct machine *machine, int64_t disk_bytes, int64_t memory_bytes);
int64_t machine_disk(const struct machine *machine);
int64_t machine_memory(const struct machine *machine);
/* Its clock is set: by so much further from the true time. */
void machine_jump_clock(struct machine *machine, int64_t by_ms);

/* Its engine's process ends at once: event streams and calls end without an answer, and no new one
 * is accepted until machine_engine_start(). Containers go on. With `kills_containers` (Docker
 * without live-restore) they are killed when it starts again. */
void machine_engine_kill(struct machine *machine, bool kills_containers);
/* With `loses` a part of its containers is gone without a word, as from a disk that was lost. */
void machine_engine_start(struct machine *machine, bool loses);
bool machine_engine_is_up(const struct machine *machine);

/* The process of a running container ends. */
void machine_exit(struct machine_container *container, int exit_code, bool oom_killed);
/* Its process ends together with its monitor (Podman): the engine goes on to show it as running. */
void machine_kill_monitor(struct machine_container *container);
/* Its command runs, whatever the engine shows. */
bool machine_is_alive(const struct machine_container *container);
/* A stranger's container, with these labels (may be NULL) and this name. */
struct machine_container *machine_add_stranger(struct machine *machine, const char *name,
					       struct json_object *labels, bool runs);

struct machine_container *machine_find(struct machine *machine, const char *id_or_name);
void machine_each(struct machine *machine,
		  void (*fn)(struct machine_container *container, void *arg), void *arg);
size_t machine_count(const struct machine *machine);
/* Networks and volumes that berth made and nobody removed. */
size_t machine_networks_left(const struct machine *machine);

/* The engine's socket: a wire_peer_fn. */
void machine_serve(void *machine, struct wire_call *call);

/* --- the machine's side of io/process.h and io/space.h: pids are unique among all machines -----
 */

/* The container whose process has that number, prepared or running; NULL: none on any machine. */
struct machine_container *machine_process(int pid);
/* True if its command runs in that process: it no longer waits for a start (Podman). */
bool machine_process_runs(const struct machine_container *container);
