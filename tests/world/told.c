/* SPDX-License-Identifier: Apache-2.0 */
/* What happens on the control plane, on the engines and in the berths is told to who checks it, and
 * to who reads a trace. */
#include "base/cleanup.h"
#include "base/log.h"
#include "world/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void world_trace(struct world *world, const char *format, ...)
{
	va_list arguments;

	if (!world->options->is_traced)
		return;
	va_start(arguments, format);
	(void)printf("%10" PRIu64 " ", sim_now_ms(world->sim));
	(void)vprintf(format, arguments);
	(void)printf("\n");
	va_end(arguments);
}

/* --- what is told ----------------------------------------------------------------------------- */

static void on_call(const struct wire_call *call, const char *what, void *arg)
{
	struct world *world = arg;

	if (strcmp(what, "arrives") == 0)
		oracle_call_arrives(world->oracle, call);
	world_trace(world, "%s: %s %s %s%s", call->client->name, call->method, call->path, what,
		    wire_is_awaited(call) ? "" : " for nobody");
}

static void on_log_line(const struct host_log_line *line, void *arg)
{
	struct world *world = arg;

	oracle_log_line(world->oracle, line);
	if (!world->options->is_traced)
		return;
	(void)printf("%10" PRIu64 " %s: event=%s", sim_now_ms(world->sim),
		     line->host ? line->host->name : "-", line->event);
	if (line->environment)
		(void)printf(" environment=%s", line->environment);
	if (line->work)
		(void)printf(" work=%s", line->work);
	if (line->container)
		(void)printf(" container=%.12s", line->container);
	for (const struct log_field *field = line->fields; field && field->name; field++)
		if (field->value)
			(void)printf(" %s=%s", field->name, field->value);
	(void)printf("%s%s\n", line->message ? " msg=" : "", line->message ? line->message : "");
}

void world_note_progress(struct world *world)
{
	world->progress_ms = sim_now_ms(world->sim);
}

static void on_offered(struct plane_work *work, struct host *by, void *arg)
{
	struct world *world = arg;

	world->oracle_observer.offered(work, by, world->oracle);
}

static void on_acked(struct plane_work *work, struct host *by, bool is_first, void *arg)
{
	struct world *world = arg;

	world->oracle_observer.acked(work, by, is_first, world->oracle);
	world_note_progress(world);
}

static void on_stopping(struct plane_work *work, struct host *by, bool force, void *arg)
{
	struct world *world = arg;

	world_trace(world, "%s stops %s, which is %s", by ? by->name : "somebody", work->id,
		    work_state_name(work->state));
	world->oracle_observer.stopping(work, by, force, world->oracle);
	world_note_progress(world);
	if (by && work->state != WORK_STOPPED)
		people_lost(world->people, work);
}

static void on_beaten(struct plane_work *work, bool is_first, void *arg)
{
	struct world *world = arg;

	world->oracle_observer.beaten(work, is_first, world->oracle);
	if (!is_first)
		return;
	world_note_progress(world);
	world_trace(world, "%s: first heartbeat", work->id);
}

static void on_lapsed(struct plane_work *work, void *arg)
{
	struct world *world = arg;

	world->oracle_observer.lapsed(work, world->oracle);
	world_note_progress(world);
	world_trace(world, "%s: its lease lapses", work->id);
}

/* --- containers and what runs in them --------------------------------------------------------- */

static void on_worker_beaten(struct worker *worker, void *arg)
{
	oracle_heartbeat(((struct world *)arg)->oracle, worker);
}

static void on_worker_done(struct worker *worker, void *arg)
{
	(void)worker;
	((struct world *)arg)->totals->report.sessions_done++;
}

static void on_started(struct machine_container *container, void *arg)
{
	struct world *world = arg;
	const char *session = machine_label(container, "berth.session");

	if (!machine_label(container, "berth.work") || !trace_is_known(world->oracle, container))
		return;
	struct worker *worker = worker_new(world->sim, world->plane, &world->scenario, container,
					   session && oracle_is_poisoned(world->oracle, session),
					   &world->worker_owner);
	container->worker = worker;
	world->totals->fates[worker->fate]++;
	world_trace(world, "%s runs: fate %d", container->name, (int)worker->fate);
	oracle_container_started(world->oracle, container);
}

static void on_signalled(struct machine_container *container, const char *signal_name, void *arg)
{
	(void)arg;
	if (container->worker)
		worker_signal(container->worker, signal_name);
}

static void on_container_ended(struct machine_container *container, void *arg)
{
	struct world *world = arg;

	world_note_progress(world);
	world_trace(world, "%s ends: %d%s", container->name, container->exit_code,
		    container->oom_killed ? ", out of memory" : "");
	if (container->worker)
		oracle_container_ended(world->oracle, container);
	container->worker = worker_free(container->worker);
}

static void on_removed(struct machine_container *container, void *arg)
{
	struct world *world = arg;

	if (container->worker)
		oracle_container_ended(world->oracle, container);
	container->worker = worker_free(container->worker);
	oracle_container_removed(world->oracle, container);
	world_note_progress(world);
}

static void on_touched(struct machine_container *container, const char *what, struct host *by,
		       void *arg)
{
	oracle_container_touched(((struct world *)arg)->oracle, container, what, by);
}

static void on_created(struct machine_container *container, struct host *by, void *arg)
{
	oracle_container_created(((struct world *)arg)->oracle, container, by);
}

/* --- who is told ------------------------------------------------------------------------------ */

void told_begin(struct world *world)
{
	world->wire.trace = on_call;
	world->wire.trace_arg = world;
	world->oracle_observer = oracle_plane_observer(world->oracle);
	world->worker_owner = (struct worker_owner){
		.beaten = on_worker_beaten, .done = on_worker_done, .arg = world};
	host_log_to(on_log_line, world);
}

struct plane_observer told_of_plane(struct world *world)
{
	return (struct plane_observer){
		.offered = on_offered,
		.acked = on_acked,
		.stopping = on_stopping,
		.beaten = on_beaten,
		.lapsed = on_lapsed,
		.arg = world,
	};
}

struct machine_owner told_of_machine(struct world *world)
{
	return (struct machine_owner){
		.started = on_started,
		.signalled = on_signalled,
		.ended = on_container_ended,
		.removed = on_removed,
		.touched = on_touched,
		.created = on_created,
		.arg = world,
	};
}
