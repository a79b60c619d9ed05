/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session's container writes, from the engine, or what was kept of it when it was removed.
 * Its tokens are taken out of either: here as it passes, there when it was kept. A terminal gets
 * what it would obey in a form that it shows; files and pipes get the bytes as they are.
 */
#include "base/cleanup.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/explain.h"
#include "cli/find.h"
#include "cli/shared_flags.h"
#include "cli/visible.h"
#include "engine/logs.h"
#include "session/captures.h"
#include "session/redacting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOK_EVERY_MS 2000u  /* whether what is followed still runs */
#define SILENCE_MS    60000u /* of an engine that has more to say, or an end */
#define LAST_WORDS_MS 1000u  /* for the stream to end by itself */

struct logs_flags {
	bool follow;
	int64_t tail;
	struct flag_list sessions;
	struct fleet_flags fleet;
};

static const struct flag logs_flag_rows[] = {
	{.name = "follow",
	 .letter = 'f',
	 .type = FLAG_ON,
	 .offset = offsetof(struct logs_flags, follow),
	 .help = "go on with what it writes until it ends"},
	{.name = "tail",
	 .letter = 'n',
	 .type = FLAG_INT,
	 .offset = offsetof(struct logs_flags, tail),
	 .argument = "N",
	 .minimum = 0,
	 .maximum = INT32_MAX,
	 .help = "begin with the last N lines of what there is (default: all)"},
	{.name = NULL},
};

struct viewer {
	struct visit *visit;
	const struct seen *seen; /* what is looked at; NULL: what was kept */
	const struct logs_flags *flags;
	struct engine_logs logs;
	struct redaction streams[OUTPUT_STREAMS];
	struct visible visible[OUTPUT_STREAMS];
	bool has_ended; /* the stream */
	bool has_said;	/* anything, since it was looked at */
	int write_error;
};

/* --- printing --------------------------------------------------------------------------------- */

static void print(struct viewer *viewer, int fd, const char *data, size_t len)
{
	if (viewer->write_error == 0)
		viewer->write_error = file_write_all(fd, data, len);
	/* Nobody reads it any more, and nothing else is asked for. */
	if (viewer->write_error < 0 && viewer->visit->loop)
		loop_stop(viewer->visit->loop);
}

static void write_stdout(const char *data, size_t len, void *arg)
{
	print(arg, STDOUT_FILENO, data, len);
}

static void write_stderr(const char *data, size_t len, void *arg)
{
	print(arg, STDERR_FILENO, data, len);
}

static void print_output(enum output_stream stream, const char *data, size_t len, void *arg)
{
	struct viewer *viewer = arg;
	bool is_error = stream == OUTPUT_STDERR;
	visible_fn fn = is_error ? write_stderr : write_stdout;

	if (isatty(is_error ? STDERR_FILENO : STDOUT_FILENO))
		visible_feed(&viewer->visible[stream], data, len, fn, viewer);
	else
		fn(data, len, viewer);
}

static void print_stdout(const char *data, size_t len, void *arg)
{
	print_output(OUTPUT_STDOUT, data, len, arg);
}

static void print_stderr(const char *data, size_t len, void *arg)
{
	print_output(OUTPUT_STDERR, data, len, arg);
}

static int end_printing(const struct viewer *viewer)
{
	if (viewer->write_error == 0 || viewer->write_error == -EPIPE)
		return EXIT_DONE;
	(void)fprintf(stderr, "berth logs: cannot write: %s\n", strerror(-viewer->write_error));
	return EXIT_INTERNAL;
}

/* --- from the engine -------------------------------------------------------------------------- */

static void on_output(enum output_stream stream, const char *data, size_t len, void *arg)
{
	struct viewer *viewer = arg;

	viewer->has_said = true;
	redaction_feed(&viewer->streams[stream], data, len);
}

static void on_end(struct engine_logs *logs, void *arg)
{
	struct viewer *viewer = arg;

	viewer->has_ended = true;
	/* That it was removed meanwhile is an end like others. */
	if (logs->outcome != ENGINE_OK && logs->outcome != ENGINE_NOT_FOUND)
		visit_fail(viewer->seen->on, &logs->err);
	loop_stop(viewer->visit->loop);
}

static bool has_stopped(struct viewer *viewer, const struct process *process)
{
	struct visit *visit = viewer->visit;

	return !visit_inspect(visit, viewer->seen) ||
	       visit->call.container.status != CONTAINER_RUNNING || !process_may_run(process);
}

/* Looks at the container; to be followed, it must have been started: engines end the output of one
 * that is only made at once. False: it is gone, or there is an exit code. */
static bool look_at(struct viewer *viewer)
{
	struct visit *visit = viewer->visit;

	while (visit_inspect(visit, viewer->seen)) {
		if (!viewer->flags->follow || visit->call.container.status != CONTAINER_CREATED)
			return true;
		if (!visit_sleep(visit, LOOK_EVERY_MS, viewer->seen->container.id))
			return false;
	}
	return false;
}

static void complain_of_silence(const struct viewer *viewer)
{
	struct err err;

	(void)err_set(&err, ERR_TEMPORARY, -ETIMEDOUT, "logs '%.12s': nothing came for %u s",
		      viewer->seen->container.id, SILENCE_MS / 1000);
	visit_fail(viewer->seen->on, &err);
}

/* An engine whose monitor of the container has died never ends the stream (Podman): the container
 * is looked at once in a while. How long all of it takes is up to whoever reads it. */
static void wait_for_end(struct viewer *viewer, const struct process *process)
{
	struct visit *visit = viewer->visit;
	bool follows = viewer->flags->follow;
	unsigned silence_ms = 0;

	while (!viewer->has_ended && viewer->write_error == 0 && visit->exit_code == EXIT_DONE) {
		viewer->has_said = false;
		if (!visit_sleep(visit, LOOK_EVERY_MS, NULL) || viewer->has_ended)
			break;
		silence_ms = viewer->has_said ? 0 : silence_ms + LOOK_EVERY_MS;
		if (follows && has_stopped(viewer, process)) {
			(void)visit_sleep(visit, LAST_WORDS_MS, NULL);
			break;
		}
		if (!follows && silence_ms >= SILENCE_MS)
			complain_of_silence(viewer);
	}
}

/* The key may be none of this user's: then it is none of the container's either, unless
 * `credential: key` gave it, and then it is looked for as what it was given. */
static struct redactor *redactor_for(const struct visit *visit, const struct container *container)
{
	const struct environment *environment = find_environment(visit->fleet, container);
	_cleanup_(secret_freep) struct secret *key = NULL;

	if (environment)
		(void)key_read(&environment->key, &key, NULL);
	return redactor_of_container(visit->call.json, key);
}

static void print_from_engine(struct viewer *viewer)
{
	const struct container *container = &viewer->seen->container;
	struct visit *visit = viewer->visit;
	const struct logs_options options = {
		.follow = viewer->flags->follow,
		.tail = viewer->flags->tail,
	};
	_cleanup_(redactor_freep) struct redactor *redactor = redactor_for(visit, container);
	struct process process;

	engine_find_process(&visit->call.container, &process);
	redaction_init(&viewer->streams[OUTPUT_STDOUT], redactor, print_stdout, viewer);
	redaction_init(&viewer->streams[OUTPUT_STDERR], redactor, print_stderr, viewer);
	viewer->logs.output = on_output;
	viewer->logs.done = on_end;
	viewer->logs.arg = viewer;
	engine_logs(viewer->seen->on->engine, &viewer->logs, container->id, &options);
	wait_for_end(viewer, &process);
	engine_logs_done(&viewer->logs);
	for (size_t i = 0; i < OUTPUT_STREAMS; i++) {
		redaction_finish(&viewer->streams[i]);
		redaction_done(&viewer->streams[i]);
	}
}

/* --- from what was kept ----------------------------------------------------------------------- */

static struct candidate *candidates_of(const struct capture_about *captures, size_t count)
{
	struct candidate *candidates = xcalloc(count + 1, sizeof(*candidates));

	for (size_t i = 0; i < count; i++) {
		candidates[i] = (struct candidate){
			.session = captures[i].session,
			.work = captures[i].work,
			.container = captures[i].container,
			.name = captures[i].name,
			.at_ms = captures[i].exited_ms,
		};
	}
	return candidates;
}

static int print_capture(struct viewer *viewer, const struct capture_about *about)
{
	_cleanup_(buf_done_wipe) struct buf text = {0};
	struct err err;

	buf_init(&text, BUF_MAX_OUTPUT * 3);
	if (captures_read(about->path, &text, &err) < 0) {
		(void)fprintf(stderr, "berth logs: %s\n", err.text);
		return EXIT_NO_INPUT;
	}
	transcript_replay(text.data, text.len, viewer->flags->tail, print_output, viewer);
	if (about->is_cut && viewer->flags->tail < 0)
		(void)fprintf(stderr, "berth logs: this is the end of it; how much is kept is "
				      "logs.size of the fleet file\n");
	return end_printing(viewer);
}

static int complain_none(const struct visit *visit, const char *text)
{
	if (visit_result(visit) != EXIT_DONE)
		return visit_result(visit);
	explain("berth logs: there is no container of '%s' of instance '%s', and nothing was "
		"kept of one in %s/logs; 'berth ps' lists what runs\n",
		text, visit->fleet->instance, visit->fleet->state_dir);
	return EXIT_NO_INPUT;
}

static int print_kept(struct viewer *viewer, const char *text)
{
	struct visit *visit = viewer->visit;
	struct capture_about *captures = NULL;
	size_t count = 0, at = 0;
	struct err err;
	int exit_code;

	if (captures_list(visit->fleet->state_dir, &captures, &count, &err) < 0) {
		(void)fprintf(stderr, "berth logs: %s\n", err.text);
		return visit_result(visit) != EXIT_DONE ? visit_result(visit) : EXIT_NO_INPUT;
	}
	_cleanup_free_ struct candidate *candidates = candidates_of(captures, count);
	enum which which = which_one(text, candidates, count, &at);
	if (which == WHICH_SEVERAL)
		exit_code = find_complain_several("logs", text, candidates, count);
	else if (which == WHICH_NONE)
		exit_code = complain_none(visit, text);
	else
		exit_code = print_capture(viewer, &captures[at]);
	for (size_t i = 0; i < count; i++)
		capture_about_done(&captures[i]);
	free(captures);
	return exit_code;
}

/* --- the command ------------------------------------------------------------------------------ */

static int print_logs(const struct fleet *fleet, const struct logs_flags *flags)
{
	const char *text = flags->sessions.values[0];
	struct visit visit;
	struct viewer viewer = {.visit = &visit, .flags = flags};
	int exit_code;

	if (visit_open(&visit, "logs", fleet) && visit_list(&visit))
		viewer.seen = find_container(&visit, text);
	if (viewer.seen && look_at(&viewer)) {
		print_from_engine(&viewer);
		exit_code = end_printing(&viewer);
		if (visit.exit_code != EXIT_DONE)
			exit_code = visit.exit_code;
	} else if (visit.exit_code == EXIT_DONE || visit.exit_code == EXIT_UNAVAILABLE) {
		/* What was kept is there without an engine, too. */
		exit_code = print_kept(&viewer, text);
	} else {
		exit_code = visit.exit_code;
	}
	visit_close(&visit);
	return exit_code;
}

static int run_logs(int argc, char **argv)
{
	struct logs_flags flags = {.tail = -1, .fleet.need = FLEET_ENGINE_ONLY};
	struct fleet *fleet = NULL;
	int exit_code;

	if (!flags_parse(&command_logs, &flags, argc, argv, &exit_code)) {
		free(flags.sessions.values);
		return exit_code;
	}
	if (flags.sessions.count != 1) {
		(void)fprintf(stderr, "berth logs: say which session, one of them\n"
				      "Try 'berth logs --help'.\n");
		exit_code = EXIT_USAGE;
	} else {
		fleet = load_or_explain(&flags.fleet);
		exit_code = fleet ? print_logs(fleet, &flags) : EXIT_CONFIG;
	}
	fleet_free(fleet);
	free(flags.sessions.values);
	return exit_code;
}

static const struct flag_group logs_groups[] = {
	{logs_flag_rows, 0},
	{engine_flags, offsetof(struct logs_flags, fleet)},
	{state_flags, offsetof(struct logs_flags, fleet)},
	{NULL},
};

const struct command command_logs = {
	.name = "logs",
	.summary = "print what a session's container writes, or wrote",
	.description =
		"Prints what a session's container writes, each stream to its own, or what "
		"was kept of one\nthat is gone. SESSION is the id of a session, of a work "
		"item or of a container (six digits\nor more), or a container's name. Tokens "
		"that berth knows are taken out.\nOn a terminal control characters are shown (^[) "
		"instead of obeyed.",
	.groups = logs_groups,
	.operands = "SESSION",
	.operands_offset = offsetof(struct logs_flags, sessions),
	.run = run_logs,
};
