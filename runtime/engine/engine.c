/* SPDX-License-Identifier: Apache-2.0 */
/* The engine as an object: made, asked about, freed. What it does is in connection.c (which see
 * first), events.c, calls.c and image.c. */
#include "engine/engine.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "engine/connection.h"
#include "engine/proof.h"
#include "engine/proof_state.h"
#include "engine/verify.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* More at once only wait inside the engine; measured knee of launches is far below. */
#define MAX_CALLS_IN_FLIGHT 32

/* What many containers that end at once have written is read from so many at a time. */
#define MAX_OUTPUTS_IN_FLIGHT 8

static int make_lanes(struct engine *engine, const char *socket, struct err *err)
{
	struct lane_options options = {
		.name = "engine",
		.unix_socket = socket,
		.max_in_flight = MAX_CALLS_IN_FLIGHT,
	};

	int r = lane_new(engine->loop, &options, &engine->calls, err);
	if (r < 0)
		return r;
	options.max_in_flight = MAX_OUTPUTS_IN_FLIGHT;
	r = lane_new(engine->loop, &options, &engine->outputs, err);
	if (r < 0)
		return r;
	options.max_in_flight = 0;
	return lane_new(engine->loop, &options, &engine->streams, err);
}

static void set_options(struct engine *engine, const struct engine_options *options)
{
	free(engine->registry_config);
	engine->registry_config = xstrdup_or_null(options->registry_config);
	engine->needs_bridge = options->needs_bridge;
	engine->launches = options->launches > 0 ? options->launches : 1;
	engine->start_timeout_ms = options->start_timeout_ms;
	engine->pull_timeout_ms = options->pull_timeout_ms;
}

void engine_reconfigure(struct engine *engine, const struct engine_options *options)
{
	bool needed_bridge = engine->needs_bridge;

	set_options(engine, options);
	engine->was_refused = false;
	if (needed_bridge || !engine_needs_bridge(engine) || !engine->is_healthy)
		return;
	connection_renew(engine);
	engine->is_healthy = false;
	engine->was_told = false;
}

int engine_new(struct loop *loop, const struct engine_options *options,
	       const struct engine_owner *owner, struct engine **ret, struct err *err)
{
	if (!text_is_id(options->instance)) {
		return err_set(err, ERR_INPUT, -EINVAL,
			       "instance '%.64s': only A-Z a-z 0-9 _ and - are allowed",
			       options->instance);
	}

	struct engine *engine = xcalloc(1, sizeof(*engine));
	engine->loop = loop;
	engine->owner = *owner;
	engine->instance = xstrdup(options->instance);
	engine->bridge = xasprintf("berth-%s", options->instance);
	set_options(engine, options);
	int r = make_lanes(engine, options->socket, err);
	if (r < 0) {
		engine_free(engine);
		return r;
	}
	connection_start(engine);
	*ret = engine;
	return 0;
}

struct engine *engine_free(struct engine *engine)
{
	if (!engine)
		return NULL;
	assert(!engine->pulls && !engine->launch_queue && engine->launching == 0);
	connection_stop(engine);
	lane_free(engine->calls);
	lane_free(engine->outputs);
	lane_free(engine->streams);
	probe_done(&engine->probe);
	free(engine->instance);
	free(engine->bridge);
	free(engine->registry_config);
	free(engine);
	return NULL;
}

bool engine_is_healthy(const struct engine *engine)
{
	return engine->is_healthy;
}

bool engine_may_have_bridge(const struct engine *engine)
{
	return engine->is_healthy || engine->step >= STEP_MAKE_BRIDGE;
}

const char *engine_description(const struct engine *engine)
{
	return engine->description;
}

const struct probe *engine_probe(const struct engine *engine)
{
	return &engine->probe;
}

const char *engine_data_root(const struct engine *engine)
{
	return engine->probe.data_root;
}

const char *engine_bridge(const struct engine *engine)
{
	return engine->bridge;
}

char *engine_url(const struct engine *engine, enum engine_operation operation, const char *first,
		 const char *second)
{
	const char *const arguments[] = {first, second};

	return dialect_url(engine->probe.dialect, engine->probe.api, operation, arguments);
}

bool engine_uses_fresh_connections(const struct engine *engine)
{
	const struct dialect *dialect =
		engine->found.dialect ? engine->found.dialect : engine->probe.dialect;

	return dialect && dialect->makes_fresh_connections;
}

bool engine_needs_bridge(const struct engine *engine)
{
	return engine->needs_bridge && engine->probe.dialect &&
	       engine->probe.dialect->render_bridge;
}

bool engine_prepares(const struct engine *engine)
{
	return engine->probe.dialect && engine->probe.dialect->routes[OPERATION_PREPARE].method;
}

bool engine_starts_may_linger(const struct engine *engine)
{
	return engine->probe.dialect && engine->probe.dialect->starts_may_linger;
}

bool engine_leaves_names(const struct engine *engine)
{
	return engine->probe.dialect && engine->probe.dialect->routes[OPERATION_FREE_NAME].method;
}

bool engine_hides_what_cannot_run(const struct engine *engine)
{
	return engine->probe.dialect && engine->probe.dialect->cannot_run;
}

int engine_check_policy(const struct engine *engine, const struct policy *policy, struct err *err)
{
	const struct dialect *dialect = engine->probe.dialect;

	if (!dialect || !dialect->check_host)
		return 0;
	if (dialect->check_host(&engine->probe, policy, err) == 0)
		return 0;
	return err_prefix(err, "policy '%s' cannot be kept by %s", policy->name,
			  engine->description);
}

/* Which engine did it, behind what it did, however long that is. */
static int name_engine(const struct engine *engine, struct err *err)
{
	const struct err what = *err;
	char name[96];

	int len = snprintf(name, sizeof(name), " (%.20s %.60s)", engine->probe.dialect->name,
			   engine->probe.engine_version);
	return err_set(err, what.kind, what.code, "%.*s%s", (int)sizeof(what.text) - 1 - len,
		       what.text, name);
}

int engine_prove(const struct engine *engine, const struct policy *policy,
		 const struct container *container, struct err *err)
{
	struct process_limits limits;
	struct err why;

	if (!engine->probe.dialect->must_prove_limits)
		return 0;
	int r = process_read_limits(container->pid, container->id, &limits, &why);
	if (r == -ESRCH && process_names(container->monitor_pid, container->id))
		return err_set(err, ERR_ENGINE, r, "its process has ended before its start");
	if (r < 0)
		r = proof_is_missing(policy, &why, err);
	else
		r = proof_check(policy, &limits, err);
	return r < 0 ? name_engine(engine, err) : 0;
}

/* What holds by the cgroups where their files can be read; where inspect's word is all there is of
 * them, they are no reason to end anything. */
static int prove_limits(const struct engine *engine, const struct policy *policy, const char *id,
			int pid, struct err *err)
{
	struct policy shown = *policy;
	struct process_limits limits;

	int r = process_read_limits(pid, id, &limits, err);
	if (r < 0)
		return r;
	if (!limits.is_whole && !engine->probe.dialect->must_prove_limits)
		shown.unenforced |= WAIVE_MEMORY | WAIVE_SWAP | WAIVE_PIDS | WAIVE_CPUS;
	return proof_check(&shown, &limits, err);
}

int engine_prove_running(const struct engine *engine, const struct policy *policy, const char *id,
			 const struct process *process, struct err *err)
{
	const char *runtime = policy->runtime ? policy->runtime : engine->probe.host.runtime;
	struct process_state state;

	if (!proof_applies_to(runtime))
		return err_set(err, ERR_ENGINE, -ENOTSUP,
			       "runtime '%.60s' has a kernel of its own, or is not known here",
			       runtime);
	if (process->pid > 0 && !process_is_inside(process->pid, id))
		return err_set(err, ERR_ENGINE, process_may_run(process) ? -ENOENT : -ESRCH,
			       "its process is not seen in its cgroup, nor with its mounts");
	int r = process->pid <= 0 ? -ESRCH : process_read_state(process->pid, &state);
	if (r < 0)
		return err_set(err, ERR_ENGINE, r, "its process cannot be looked at (%s)",
			       strerror(-r));
	r = proof_check_state(policy, &state, process_kernel_has, err);
	process_state_done(&state);
	if (r == 0)
		r = prove_limits(engine, policy, id, process->pid, err);
	/* The number may have been given to another process meanwhile. */
	if (r < 0 && !process_may_run(process))
		return err_set(err, ERR_ENGINE, -ESRCH, "its process has ended");
	return r == -EPERM ? name_engine(engine, err) : r;
}

bool engine_notes_unseen(struct engine *engine)
{
	bool is_first = !engine->was_unseen;

	engine->was_unseen = true;
	return is_first;
}

int engine_verify(struct engine *engine, const struct plan *plan, const struct engine_call *inspect,
		  struct err *err)
{
	const struct dialect *dialect = engine->probe.dialect;

	int r = verify_sources(plan, engine->probe.data_root, err);
	if (r == 0)
		r = dialect->verify(plan, inspect->json, err);
	if (r == 0)
		r = verify_runtime(plan, dialect->runtime_path, engine->probe.host.runtime,
				   inspect->json, err);
	if (r == 0 && dialect->prove_config)
		r = dialect->prove_config(&engine->probe, plan, &inspect->container, inspect->json,
					  err);
	if (r < 0)
		return name_engine(engine, err);
	return engine_prove(engine, plan->policy, &inspect->container, err);
}

/* Whoever starts a container's processes knows it by its id: Podman's monitor has it among its
 * arguments, and so has the name of the container's cgroup. A number that stands for something else
 * here shows that the engine counts its processes elsewhere. */
void engine_find_process(const struct container *container, struct process *ret)
{
	struct process process;

	*ret = (struct process){0};
	if (process_find(container->pid, &process) == 0 &&
	    (process_names(container->pid, container->id) ||
	     process_names(container->monitor_pid, container->id)))
		*ret = process;
}
