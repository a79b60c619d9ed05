#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command's conversation with the fleet's container engines, one call after the other: connect,
 * list what is ours, look at one, signal one. Each function runs the loop until its answer is
 * there. What goes wrong is said on stderr ("berth ps: engine ...") and stands as an exit code in
 * `visit->exit_code`; SIGINT and SIGTERM end what is waited for in the same way. An engine that is
 * away does not keep the command from what the others have.
 *
 *	struct visit visit;
 *	if (visit_open(&visit, "ps", fleet) && visit_list(&visit))
 *		... visit.seen ...
 *	visit_close(&visit);
 *	return visit_result(&visit);
 */
#include "config/fleet.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct visit;

struct visited_engine {
	struct visit *visit;
	const struct engine_settings *settings;
	struct engine *engine;
	bool is_open;	/* it has answered */
	bool is_away;	/* it has not, or no longer */
	struct err why; /* unless it is open: what keeps it away */
};

/* A container of ours, and where it is. */
struct seen {
	struct container container;
	struct visited_engine *on;
};

struct visit {
	const char *command; /* for messages */
	const struct fleet *fleet;
	const char *instance; /* whose containers are looked for; the fleet's unless told */
	struct loop *loop;
	struct visited_engine *engines; /* as many as the fleet has */
	struct engine_call call; /* of the functions below; its result is valid until the next */
	struct timer timer;
	const char *watched; /* visit_sleep() ends early when something happens to it */
	bool goes_on; /* set after visit_open(): with the others, where an engine fails later on */
	bool is_silent;	     /* what goes wrong is not said on stderr */
	bool defers_signals; /* a signal wakes what is waited for and ends nothing */
	int signal;	     /* that came meanwhile, 0: none */
	bool is_opening, is_answered;
	bool misses_some; /* an engine is away: what is not seen may be there */
	int exit_code;	  /* EXIT_DONE, or why nothing more can be done */

	/* From visit_list(), as the lists show them. */
	struct seen *seen;
	size_t count;
};

/* Borrows `command`, a literal, and `fleet`. False with an exit code if no engine answers, or there
 * is none. visit_close() is due in either case, and leaves the results. */
bool visit_open(struct visit *visit, const char *command, const struct fleet *fleet);
void visit_close(struct visit *visit);

/* The same for containers of another `instance` (a borrowed text), and without a word: what keeps
 * an engine away is in its `why`. True also if no engine answers. */
bool visit_open_silently(struct visit *visit, const char *command, const struct fleet *fleet,
			 const char *instance);

/* The exit code, also of a visit that missed some. */
int visit_result(const struct visit *visit);

/* Lists, once. What carries berth's labels and is not berth's is named on stderr. False if no
 * engine answers, with an exit code unless the command goes on, and after a signal. */
bool visit_list(struct visit *visit);

/* Looks at one, with its times and visit->call.json. False without an exit code: it is gone. */
bool visit_inspect(struct visit *visit, const struct seen *seen);

/* The same for a command that goes on. Anything but ENGINE_OK is left to the caller. */
enum engine_outcome visit_look(struct visit *visit, const struct seen *seen);

/* Signals one. ENGINE_OK; ENGINE_ALREADY: it does not run; ENGINE_NOT_FOUND. Anything else has an
 * exit code. */
enum engine_outcome visit_kill(struct visit *visit, const struct seen *seen, const char *signal);

/* Removes one, with its anonymous volumes. ENGINE_OK also if it is gone; anything else is left to
 * the caller, and visit->call.err says why. Without an answer the engine is away, or, for a command
 * that does not go on, there is an exit code. */
enum engine_outcome visit_remove(struct visit *visit, const struct seen *seen);

/* berth's own network on one engine: engine_look_at_bridge(), engine_remove_bridge(). */
enum engine_outcome visit_look_at_bridge(struct visit *visit, struct visited_engine *on);
enum engine_outcome visit_remove_bridge(struct visit *visit, struct visited_engine *on);

/* For a call or a wait of the caller's own: runs the loop until its callback has called
 * visit_answered(). False if that did not come in time, and then the engine is away, or if there is
 * an exit code. The caller cancels what it began. */
bool visit_await(struct visit *visit, struct visited_engine *on);
void visit_answered(struct visit *visit);

/* From here on SIGINT and SIGTERM end visit_sleep() and nothing else, so that what was made can be
 * taken away again; visit_resume_signals() lets one that came meanwhile be the exit code. */
void visit_defer_signals(struct visit *visit);
void visit_resume_signals(struct visit *visit);

/* Lets time pass, `ms` at most, until an event of the container `id` (NULL: none is waited for), or
 * until loop_stop(). False with an exit code after a signal. */
bool visit_sleep(struct visit *visit, uint64_t ms, const char *id);

/* Says on stderr why that engine is of no help. It is away from here on for a command that goes on;
 * else that sets the exit code. */
void visit_fail(struct visited_engine *on, const struct err *err);
