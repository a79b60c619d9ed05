#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One container engine on a unix socket: its connection, what it can do, and the calls that make,
 * look at, start, signal and remove a container. Every call is asynchronous; what an answer means
 * is decided by the engine's dialect (engine/dialect.h) and reported as an `enum engine_outcome`.
 *
 * An engine that does not answer is *unknown*, never dead: health goes false, nothing is concluded
 * about its containers, and after it is back everything is listed again.
 */
#include "base/err.h"
#include "base/json.h"
#include "io/lane.h"
#include "io/loop.h"
#include "io/process.h"
#include "plan/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct probe;

struct engine_options {
	const char *socket;	  /* path, without "unix://" */
	const char *instance;	  /* value of the label berth.instance of what is ours */
	unsigned launches;	  /* creates and starts at once */
	int64_t start_timeout_ms; /* of a start call */
	int64_t pull_timeout_ms;
	const char *registry_config; /* a Docker config.json with `auths`, or NULL */
	bool needs_bridge; /* a policy uses berth's own network: make sure that it is there */
};

enum engine_outcome {
	ENGINE_OK,
	ENGINE_ALREADY,	    /* start: runs already; kill: not running; the aim is reached */
	ENGINE_NOT_FOUND,   /* no such container, image or network */
	ENGINE_NAME_IN_USE, /* create: there is a container of that name */
	ENGINE_REMOVING, /* the container, or the name's last owner, is being removed: try again */
	ENGINE_INVALID,	 /* the engine refuses what we ask: policy, image or configuration */
	ENGINE_TROUBLE,	 /* 5xx: the engine or its host fails (disk full, runtime broken) */
	ENGINE_UNREACHABLE, /* no connection: nothing happened */
	ENGINE_UNKNOWN,	    /* no reply, cut or malformed: it may have happened */
};

enum container_status {
	CONTAINER_CREATED,
	CONTAINER_RUNNING, /* also paused, restarting */
	CONTAINER_EXITED,
	CONTAINER_DEAD, /* also removing */
};

/* A container as list and inspect show it. Times in milliseconds since the epoch, 0: none. */
struct container {
	char *id;   /* 64 hex digits */
	char *name; /* without leading slash */
	enum container_status status;
	struct name_value *labels;
	size_t label_count;
	int64_t created_at_ms; /* list: to the second */
	/* From inspect only: */
	int64_t started_at_ms, finished_at_ms;
	int exit_code;
	int pid;
	int monitor_pid; /* of the program that watches it (Podman's conmon); 0: none */
	bool oom_killed;
	int64_t written_bytes; /* measure only: to disk, over the image; -1: not told */
	char *program;	       /* what its first process runs once it is started; NULL: not known */
	char *error;	       /* why the start failed, in the engine's words; NULL: none */
};

/* "created", "running", ... */
const char *container_status_name(enum container_status status);
/* The value of a label, or NULL. */
const char *container_label(const struct container *container, const char *name);
/* When the item was claimed that it was made for, by the clock of the berth that did, in ms since
 * the epoch; 0 where its labels do not say. */
int64_t container_claimed_ms(const struct container *container);
/* True if it carries our label schema, this instance, and the name that matches its berth.work. */
bool container_is_ours(const struct container *container, const char *instance);
void container_done(struct container *container);

/* One call under way; embedded by the caller, one at a time. */
struct engine_call {
	struct http_request request; /* private */
	struct engine *engine;	     /* private */
	int operation;		     /* private */
	int exit_code;		     /* private */
	bool holds_launch;	     /* private */
	bool wants_all;		     /* private */
	const struct plan *plan;     /* private */
	char subject[161];	     /* private */
	struct timer later;	     /* private */
	struct engine_call *next;    /* private */
	void (*done)(struct engine_call *call, void *arg);
	void *arg;

	/* The result, valid in done() and until the next use of the call. */
	enum engine_outcome outcome;
	struct err err;		    /* unless ENGINE_OK: operation, status, the engine's words */
	char container_id[65];	    /* create */
	char *warnings;		    /* create: the engine's warnings on one line, or NULL */
	bool cannot_run;	    /* last words: its command could not be run */
	bool is_silent;		    /* last words: there are none, or none have come yet */
	struct container container; /* inspect */
	struct json_object *json;   /* inspect: what berth reads of a reply, or all of it */
	struct container *list;	    /* list */
	size_t list_count;
};

void engine_call_init(struct engine_call *call, void (*done)(struct engine_call *, void *),
		      void *arg);
/* Cancels what is under way and frees the result. Safe on a zeroed struct, and twice. */
void engine_call_done(struct engine_call *call);

/* What the owner is told; each is called from the loop with `arg`. */
struct engine_owner {
	/* The engine answers and is fit for use, or no longer. Called on changes, once with
	 * `healthy` false and the reason if the first attempt fails, and when that reason becomes
	 * ERR_REFUSED: it will never be fit as it is (API too old or too new, not ours). `err` is
	 * NULL when healthy. */
	void (*health)(struct engine *engine, bool healthy, const struct err *err, void *arg);
	/* Something happened to a container that carries our instance's label. A hint. */
	void (*event)(struct engine *engine, const char *container_id, const char *action,
		      void *arg);
	/* The event stream is (re)connected, or a periodic look is due: list and compare. */
	void (*resync)(struct engine *engine, void *arg);
	void *arg;
};

/* Options are copied. Connects from the loop: ping, version negotiation, info, berth's network,
 * events; again with back-off whenever the connection is lost. ERR_INPUT. */
int engine_new(struct loop *loop, const struct engine_options *options,
	       const struct engine_owner *owner, struct engine **ret, struct err *err);
/* Other options from here on; socket and instance stay. berth's network is made if it is wanted
 * now: the engine is unhealthy until it is there. One that was refused, and is again, is reported
 * once more. */
void engine_reconfigure(struct engine *engine, const struct engine_options *options);
/* NULL is fine; returns NULL. Calls and image waits under way must have been done()d before. Not
 * to be called from a callback of this engine. */
struct engine *engine_free(struct engine *engine);

bool engine_is_healthy(const struct engine *engine);
/* It answers, and berth's own network may be there: also while the connection is being made. */
bool engine_may_have_bridge(const struct engine *engine);
/* "Docker 20.10.24, API 1.41", once it answered; for logs. */
const char *engine_description(const struct engine *engine);
/* What it said about itself (engine/probe.h); nothing before it answered. */
const struct probe *engine_probe(const struct engine *engine);
/* The directory images and containers are stored in as the engine says it (for free space), or
 * NULL. */
const char *engine_data_root(const struct engine *engine);
/* Name of berth's own network there ("berth-<instance>"). */
const char *engine_bridge(const struct engine *engine);

/* ERR_REFUSED, with the field, the reason and the remedy, if this engine on its host cannot keep
 * the promises of a policy whatever it is asked. Known once it was healthy. */
int engine_check_policy(const struct engine *engine, const struct policy *policy, struct err *err);

/* Containers are prepared before they are started (engine_prepare), and may be looked at then. */
bool engine_prepares(const struct engine *engine);
/* A start that was asked for by somebody who is gone may still be under way: look at a Created
 * container twice, some time apart, before it is started. */
bool engine_starts_may_linger(const struct engine *engine);
/* The exit code of a container does not show that its command could not be run: ask for its last
 * words. */
bool engine_hides_what_cannot_run(const struct engine *engine);

/* A create that was cut off may leave a name in use that no container has. */
bool engine_leaves_names(const struct engine *engine);

/* The calls. Each ends in exactly one done(call, arg), later, unless engine_call_done() comes
 * first. Ids are container ids or names that berth made. `plan` is borrowed until then. Creates and
 * starts wait for one of `launches` places, starts first; one under way for more than a second
 * gives its place to the next. The other calls overtake them. */
void engine_create(struct engine *engine, struct engine_call *call, const struct plan *plan);
/* Makes everything that a start needs, down to a process that waits: what can fail fails here, and
 * the kernel shows which limits will hold. Only where engine_prepares(). */
void engine_prepare(struct engine *engine, struct engine_call *call, const char *id);
void engine_start(struct engine *engine, struct engine_call *call, const char *id);
void engine_inspect(struct engine *engine, struct engine_call *call, const char *id);
/* With all that the engine says in call->json, for engine_verify(). */
void engine_inspect_whole(struct engine *engine, struct engine_call *call, const char *id);
/* An inspect that also has the engine count what the container has written: this takes a while. */
void engine_measure(struct engine *engine, struct engine_call *call, const char *id);
void engine_kill(struct engine *engine, struct engine_call *call, const char *id,
		 const char *signal);
/* DELETE with its anonymous volumes; a running one is killed. Not found is ENGINE_OK. */
void engine_remove(struct engine *engine, struct engine_call *call, const char *id);
/* Removes what has a name that is in use and that no container has, unless it runs by now. Not
 * found is ENGINE_OK. Only where engine_leaves_names(). */
void engine_free_name(struct engine *engine, struct engine_call *call, const char *name);
/* All containers that carry berth.instance=<ours>, running or not. */
void engine_list(struct engine *engine, struct engine_call *call);
/* The end of what an exited container wrote to its standard error: call->cannot_run, is_silent. */
void engine_last_words(struct engine *engine, struct engine_call *call, const char *id,
		       int exit_code);
/* Is berth's own network there? ENGINE_NOT_FOUND, also where this kind of engine has none;
 * ENGINE_INVALID: there is one of that name which berth did not make. */
void engine_look_at_bridge(struct engine *engine, struct engine_call *call);
/* Removes berth's own network if no container uses it; one that is being made, after that. The last
 * call to this engine: its connection is given up, with its events, as it would make the network
 * again where it is being renewed. */
void engine_remove_bridge(struct engine *engine, struct engine_call *call);

/* Compares what engine_inspect_whole() found with the plan (dialect's rules), and, where the
 * engine's word is not enough, what the kernel says of its process (engine_prove). ERR_REFUSED;
 * ERR_ENGINE. */
int engine_verify(struct engine *engine, const struct plan *plan, const struct engine_call *inspect,
		  struct err *err);

/* Reads from the kernel whether a prepared or running container has the limits of the policy.
 * ERR_REFUSED naming field, what was asked, what holds, and the remedy. */
int engine_prove(const struct engine *engine, const struct policy *policy,
		 const struct container *container, struct err *err);

/* Reads from the kernel whether a container that runs has what the policy promises: its process
 * (engine_find_process) and the cgroup of container `id`. ERR_REFUSED naming field, what was asked,
 * what holds, and the remedy; ERR_ENGINE: that cannot be told, because the process has ended
 * (-ESRCH), /proc shows less than it should, or the engine's runtime has a kernel of its own. */
int engine_prove_running(const struct engine *engine, const struct policy *policy, const char *id,
			 const struct process *process, struct err *err);

/* True the first time that it is asked: what is said once of an engine whose processes cannot be
 * looked at. */
bool engine_notes_unseen(struct engine *engine);

/* The process of a container that runs or is prepared; zeroed where that cannot be told, because
 * the engine counts its processes elsewhere than this one does. */
void engine_find_process(const struct container *container, struct process *ret);
