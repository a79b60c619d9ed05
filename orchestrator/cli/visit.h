#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command's conversation with the container engine, one call after the other: connect, list what
 * is ours, look at one, signal one. Each function runs the loop until its answer is there. What
 * goes wrong is said on stderr ("berth ps: engine ...") and stands as an exit code in
 * `visit->exit_code`; SIGINT and SIGTERM end what is waited for in the same way.
 *
 *	struct visit visit;
 *	if (visit_open(&visit, "ps", fleet) && visit_list(&visit))
 *		... visit.containers ...
 *	visit_close(&visit);
 *	return visit.exit_code;
 */
#include "config/fleet.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct visit {
	const char *command; /* for messages */
	const struct fleet *fleet;
	struct loop *loop;
	struct engine *engine;
	struct engine_call call; /* of the functions below; its result is valid until the next */
	struct timer timer;
	const char *watched; /* visit_sleep() ends early when something happens to it */
	bool is_open, is_answered;
	int exit_code; /* EXIT_DONE, or why nothing more can be done */

	/* From visit_list(): ours, as the list shows them. */
	struct container *containers;
	size_t count;
};

/* Borrows `command`, a literal, and `fleet`. False with an exit code if the engine does not answer,
 * or there is none. visit_close() is due in either case, and leaves the exit code. */
bool visit_open(struct visit *visit, const char *command, const struct fleet *fleet);
void visit_close(struct visit *visit);

/* Lists. What carries berth's labels and is not berth's is named on stderr. */
bool visit_list(struct visit *visit);

/* Looks at one, with its times and visit->call.json. False without an exit code: it is gone. */
bool visit_inspect(struct visit *visit, const char *id);

/* Signals one. ENGINE_OK; ENGINE_ALREADY: it does not run; ENGINE_NOT_FOUND. Anything else has an
 * exit code. */
enum engine_outcome visit_kill(struct visit *visit, const char *id, const char *signal);

/* Lets time pass, `ms` at most, until an event of the container `id` (NULL: none is waited for), or
 * until loop_stop(). False with an exit code after a signal. */
bool visit_sleep(struct visit *visit, uint64_t ms, const char *id);

/* Says on stderr why the engine is of no help, and sets the exit code. */
void visit_fail(struct visit *visit, const struct err *err);
