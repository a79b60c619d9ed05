/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The containers: found by id, unique id prefix or name, and moved through their life. Inspect's
 * large parts are kept as JSON text, made once at create, so that ten thousand containers stay
 * small and a list of them stays quick.
 */

#include "engine.h"
#include "text.h"

#include <sys/types.h>

/* uthash's default function falls through switch labels, of which clang complains at each use. */
#define HASH_FUNCTION(key, len, hash) HASH_FNV(key, len, hash)
#include <uthash.h>

enum container_state {
	CONTAINER_CREATED,
	CONTAINER_INITIALIZED, /* Podman: its process is there and held back */
	CONTAINER_RUNNING,
	CONTAINER_STOPPED, /* Podman: it has ended, what was around it is still cleaned up */
	CONTAINER_EXITED,
	CONTAINER_DEAD,
};

/* Somebody waits for a container's exit or removal. Embedded; done() is called exactly once. */
struct waiter {
	struct container *container; /* NULL: not waiting */
	bool for_removal;
	void (*done)(struct waiter *waiter);
	void *arg;
	struct waiter *prev;
	struct waiter *next;
};

struct container {
	struct engine *engine;
	char id[65];
	char *name; /* without Docker's leading slash */
	char *image;
	char image_id[72];
	char *command;		    /* entry point and arguments, as the list shows them */
	char *entry;		    /* the first of them */
	struct json_object *args;   /* the rest */
	struct json_object *labels; /* the request's and the image's */
	struct json_object *env;
	struct json_object *spec;	 /* Podman's; Docker's is in the three below */
	struct json_object *config;	 /* until container_seal() */
	struct json_object *host_config; /* until container_seal() */
	struct json_object *mounts;	 /* until container_seal() */
	char *config_text;
	char *host_config_text;
	char *mounts_text;
	char *list_text; /* the unchanging members of a list row, without the braces */
	char *network;
	bool auto_remove;
	int64_t stop_timeout;
	enum container_state state;
	int64_t removing; /* answer so many requests with "removal in progress", then vanish */
	bool remove_on_exit;
	bool remove_volumes;
	bool was_set_up;  /* Podman: initialized at least once */
	bool lost_conmon; /* Podman: nobody is there any more to see its end */
	pid_t pid;	  /* of the worker; 0: it has none */
	int gate;	  /* through which a worker that is held back is let go; -1: none */
	pid_t shown_pid;  /* what inspect says while running */
	int exit_code;
	bool oom_killed;
	int forced_exit; /* the exit code to report whatever the worker's; -1: the worker's */
	char *error;
	bool ignores_term;
	int idle_exit_code;
	struct timespec created;
	struct timespec started;
	struct timespec finished;
	struct timer run_timer;
	struct timer stop_timer;
	struct timer cleanup_timer;
	struct waiter *waiters;
	struct log_frame *log; /* what it wrote, oldest first */
	struct log_follower *followers;
	UT_hash_handle by_id;
	UT_hash_handle by_name;
	UT_hash_handle by_pid;
};

/* A container that is in no table yet; `name` NULL invents one. Takes no ownership. */
struct container *container_new(struct engine *engine, const char *name, const char *image);

/* Turns what inspect shows into text and adds the container to the tables. */
void container_seal(struct container *container);

/* Frees a container that was not sealed. */
void container_discard(struct container *container);

struct container *container_find(struct engine *engine, const char *reference);
struct container *container_by_name(struct engine *engine, const char *name);

/* Podman: makes its worker, held back; false and `container->error` when that fails. */
bool container_init(struct container *container);

/* Starts its worker, or its idle timer; false and `container->error` when that fails. */
bool container_start(struct container *container);

/* Makes it running without starting anything. */
void container_adopt(struct container *container, struct timespec started, pid_t shown_pid);

/* Sends a signal to the worker, or ends an idle container that the signal would end. */
void container_signal(struct container *container, int signal);

/* The container ended: state, event, waiters; and its removal where that was asked for. */
void container_exited(struct container *container, int exit_code);

/* Ends it now with a chosen exit code, by SIGKILL where it has a worker. */
void container_end(struct container *container, int exit_code, bool oom_killed);

/* Podman: takes a running container for stopped that lost its conmon. */
void container_give_up(struct container *container);

/* Takes it out of the tables and frees it; a worker is killed and forgotten. */
void container_remove(struct container *container);

/* Counts one request against a container that is being removed; true while it still is. */
bool container_still_removing(struct container *container);

/* `done` is called when the container exits or, `for_removal`, is removed. */
void container_wait(struct container *container, struct waiter *waiter, bool for_removal,
		    void (*done)(struct waiter *waiter));
void waiter_cancel(struct waiter *waiter);

/* It writes that on its standard output or error: kept, and sent to who follows. */
void container_say(struct container *container, bool is_error, const char *data, size_t len);
void container_forget_log(struct container *container);

const char *container_state_name(const struct container *container);
const char *container_label(const struct container *container, const char *key);

/* Collects the worker processes that ended. */
void containers_reap(struct engine *engine);

/* Removes all without a word to anybody. */
void containers_clear(struct engine *engine);
