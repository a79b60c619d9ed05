/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One container, from create to removal, as a session of the environment would get it: the same
 * image, policy and mounts, but no network, a stand-in for the key, and a command of our own. It
 * belongs to an instance of its own: see cli/doctors.h.
 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "cli/doctors.h"
#include "cli/exit.h"
#include "doctor/checks.h"
#include "doctor/image_look.h"
#include "doctor/inside.h"
#include "engine/logs.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define PATIENCE_MS   30000u
#define LOOK_EVERY_MS 500u

/* Exit codes of a command that cannot be run (POSIX, XCU 2.8.2). */
#define CANNOT_RUN 126
#define NOT_FOUND  127

struct look {
	const struct subject *subject;
	struct visit *visit;
	struct visited_engine *on;
	struct engine_call call;
	struct plan *plan;
	const char *step; /* what was tried last, for messages */
	struct buf output;
	bool is_over; /* its output is at its end */
	int exit_code;
	struct err err; /* why there is nothing to judge */
};

static void on_call(struct engine_call *call, void *arg)
{
	(void)call;
	visit_answered(arg);
}

/* Readies `look->call` for the next one. */
static struct engine_call *begin(struct look *look, const char *step)
{
	engine_call_done(&look->call);
	engine_call_init(&look->call, on_call, look->visit);
	look->step = step;
	return &look->call;
}

/* True if the call that was begun ended well. */
static bool has_worked(struct look *look)
{
	if (!visit_await(look->visit, look->on)) {
		look->err = look->on->why;
		return false;
	}
	look->err = look->call.err;
	return look->call.outcome == ENGINE_OK || look->call.outcome == ENGINE_ALREADY;
}

/* --- the plan --------------------------------------------------------------------------------- */

static int build_plan(struct look *look, const struct image_facts *facts)
{
	static const char stand_in[] = "no-key-of-anybody";
	const struct subject *subject = look->subject;
	const struct policy *policy = subject->environment->policy;
	_cleanup_(secret_freep) struct secret *secret = secret_new(stand_in, strlen(stand_in));
	_cleanup_free_ const char **places = xcalloc(policy->tmpfs_count + 1, sizeof(*places));
	_cleanup_free_ char *work_id =
		xasprintf("doctor_%016" PRIx64, loop_random(look->visit->loop, 0, UINT64_MAX));
	struct plan_input input;

	for (size_t i = 0; i < policy->tmpfs_count; i++)
		places[i] = policy->tmpfs[i].path;
	char **command = inside_command(places, policy->tmpfs_count);
	fleet_plan_input(subject->doctor->fleet, subject->environment, &input);
	input.instance = look->visit->instance;
	input.work_id = work_id;
	input.session_id = "doctor";
	input.work_secret = input.sessions_token = input.environment_key = secret;
	input.image_facts = facts;
	input.command = command;
	input.network = "none";
	input.bridge = "none";
	int r = plan_build(&input, &look->plan, &look->err);
	inside_free_command(command);
	return r;
}

/* --- the container ---------------------------------------------------------------------------- */

static bool make_container(struct look *look)
{
	struct engine *engine = look->on->engine;
	const char *name = look->plan->name;

	engine_create(engine, begin(look, "create"), look->plan);
	if (!has_worked(look))
		return false;
	if (engine_prepares(engine)) {
		engine_prepare(engine, begin(look, "prepare"), name);
		if (!has_worked(look))
			return false;
	}
	engine_inspect_whole(engine, begin(look, "inspect"), name);
	if (!has_worked(look))
		return false;
	look->step = "verify";
	return engine_verify(engine, look->plan, &look->call, &look->err) == 0;
}

/* Until it has exited; false with the reason if it does not, or after a signal. */
static bool wait_for_end(struct look *look)
{
	uint64_t since_ms = loop_now_ms(look->visit->loop);

	for (;;) {
		engine_inspect(look->on->engine, begin(look, "wait"), look->plan->name);
		if (!has_worked(look))
			return false;
		const struct container *container = &look->call.container;
		look->exit_code = container->exit_code;
		if (container->status == CONTAINER_EXITED || container->status == CONTAINER_DEAD)
			return true;
		if (loop_now_ms(look->visit->loop) - since_ms > PATIENCE_MS) {
			(void)err_set(&look->err, ERR_TEMPORARY, -ETIMEDOUT,
				      "it did not end within %u s", PATIENCE_MS / 1000);
			return false;
		}
		if (look->visit->signal || !visit_sleep(look->visit, LOOK_EVERY_MS, container->id))
			return false;
	}
}

static void on_output(enum output_stream stream, const char *data, size_t len, void *arg)
{
	struct look *look = arg;

	/* What is beyond the limit is no answer to the script. */
	if (stream == OUTPUT_STDOUT)
		(void)!buf_add(&look->output, data, len);
}

static void on_output_end(struct engine_logs *logs, void *arg)
{
	struct look *look = arg;

	(void)logs;
	visit_answered(look->visit);
}

static bool read_output(struct look *look)
{
	const struct logs_options options = {.tail = -1};
	struct engine_logs logs = {.output = on_output, .done = on_output_end, .arg = look};

	look->step = "logs";
	engine_logs(look->on->engine, &logs, look->call.container.id, &options);
	bool has_come = visit_await(look->visit, look->on);
	look->err = has_come ? logs.err : look->on->why;
	has_come &= logs.outcome == ENGINE_OK;
	engine_logs_done(&logs);
	return has_come;
}

static bool run_container(struct look *look)
{
	if (!make_container(look) || look->visit->signal)
		return false;
	engine_start(look->on->engine, begin(look, "start"), look->plan->name);
	return has_worked(look) && wait_for_end(look) && read_output(look);
}

/* Also of one whose create got no answer: nobody else has that name. */
static void remove_container(struct look *look)
{
	struct finding *finding;

	/* An engine that was given up is asked once more. */
	look->on->is_away = false;
	engine_remove(look->on->engine, begin(look, "remove"), look->plan->name);
	if (has_worked(look))
		return;
	finding = doctor_add(look->subject, "inside.removed");
	_cleanup_free_ char *client = doctor_client(look->on);
	finding_fail(finding, EXIT_UNAVAILABLE, "container %s may be left: %s", look->plan->name,
		     look->err.text);
	finding_remedy(finding, "%s rm --force --volumes %s", client, look->plan->name);
}

/* --- judging ---------------------------------------------------------------------------------- */

static void judge_failure(const struct look *look, const struct err *err)
{
	struct finding *finding = doctor_add(look->subject, "inside.container");

	if (look->visit->signal)
		finding_skip(finding, "interrupted");
	else
		finding_fail(finding, look->on->is_away ? EXIT_UNAVAILABLE : EXIT_CONFIG, "%s: %s",
			     look->step, err->text);
}

/* False if there was no shell to look around with. */
static bool judge_shell(const struct look *look, const struct inside *inside)
{
	struct finding *finding = doctor_add(look->subject, "inside.bash");

	if (inside->is_complete) {
		finding_ok(finding, "/bin/bash runs as the policy wants it");
		return true;
	}
	if (look->exit_code == CANNOT_RUN || look->exit_code == NOT_FOUND) {
		finding_fail(finding, EXIT_CONFIG,
			     "the image has no /bin/bash that the session's user may run: workers "
			     "run their commands with it");
		finding_remedy(finding, "apt-get install --yes bash  # in the image's build");
	} else {
		finding_fail(finding, EXIT_CONFIG,
			     "bash was ended before it was done (exit code %d)", look->exit_code);
	}
	return false;
}

static void judge(const struct look *look)
{
	struct inside inside;

	inside_parse(look->output.data, &inside);
	if (!judge_shell(look, &inside))
		return;
	for (const struct inside_check *check = inside_checks; check->id; check++)
		check->judge(&inside, look->subject->environment->policy,
			     doctor_add(look->subject, check->id));
}

/* --- the whole look --------------------------------------------------------------------------- */

static void look_with(struct look *look, const struct image_facts *facts)
{
	look->step = "plan";
	if (build_plan(look, facts) < 0) {
		judge_failure(look, &look->err);
		return;
	}
	buf_init(&look->output, BUF_MAX_LOG_LINE);
	visit_defer_signals(look->visit);
	bool has_run = run_container(look);
	struct err err = look->err;
	if (has_run)
		judge(look);
	else
		judge_failure(look, &err);
	remove_container(look);
	visit_resume_signals(look->visit);
	engine_call_done(&look->call);
	buf_done(&look->output);
	plan_free(look->plan);
}

void doctor_look_inside(const struct subject *subject)
{
	struct visit *visit = &subject->doctor->visit;
	struct look look = {.subject = subject, .visit = visit, .on = subject->engine};
	struct image_look image;

	if (!look.on->is_open || look.on->is_away || visit->exit_code != EXIT_DONE) {
		finding_skip(doctor_add(subject, "inside.container"), "the engine does not answer");
		return;
	}
	image_look(visit, look.on, subject->environment->image, &image);
	if (image.outcome == ENGINE_OK)
		look_with(&look, &image.facts);
	else
		finding_skip(doctor_add(subject, "inside.container"), "%s", image.err.text);
	image_facts_done(&image.facts);
}

void doctor_remove_leftovers(struct doctor *doctor)
{
	struct visit *visit = &doctor->visit;

	if (!visit_list(visit))
		return;
	for (size_t i = 0; i < visit->count && visit->exit_code == EXIT_DONE; i++)
		if (!visit->seen[i].on->is_away &&
		    doctors_have_left(visit, &visit->seen[i].container))
			(void)visit_remove(visit, &visit->seen[i]);
}
