#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The output of a container, as the engine kept it and, if asked for, as it comes. Runs beside the
 * other calls, on the engine's lane for endless replies.
 */
#include "engine/engine.h"
#include "engine/frames.h"

struct logs_options {
	bool follow;  /* until the container ends */
	int64_t tail; /* how many lines of what there is; negative: all */
};

/* One under way; embedded by the caller. Zero-initialised is fine for engine_logs_done(). */
struct engine_logs {
	struct http_request request; /* private */
	struct engine *engine;	     /* private */
	struct frames frames;	     /* private */
	bool is_broken;		     /* private */
	char subject[65];	     /* private */
	struct timer later;	     /* private */
	output_fn output;
	void (*done)(struct engine_logs *logs, void *arg);
	void *arg;

	/* The result, valid in done(). */
	enum engine_outcome outcome;
	struct err err; /* unless ENGINE_OK */
};

/* It takes the time that it takes: a limit is the caller's, by engine_logs_done().
 * output(stream, data, len, arg) gets what comes, from inside the network: it may arm timers, and
 * must not cancel or free anything. done(logs, arg) follows once, from the loop; an engine that
 * ends a stream of its own accord is ENGINE_OK. ERR_TEMPORARY, ERR_ENGINE. */
void engine_logs(struct engine *engine, struct engine_logs *logs, const char *id,
		 const struct logs_options *options);

/* Ends it; nobody is called any more. Safe twice. */
void engine_logs_done(struct engine_logs *logs);
