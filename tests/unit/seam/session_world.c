/* SPDX-License-Identifier: Apache-2.0 */
#include "session_world.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "world_engine.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

const char *world_call_name(const struct fake_sent *sent)
{
	static const struct {
		const char *method, *part, *name;
	} rows[] = {
		{"POST", "/containers/create", "create"},
		{"POST", "/init", "prepare"},
		{"POST", "/start", "start"},
		{"GET", "/logs?", "logs"},
		{"GET", "/json?size=", "measure"},
		{"GET", "/containers/", "inspect"},
		{"POST", "/kill", "kill"},
		{"DELETE", "/containers/", "remove"},
		{"POST", "/ack?", "ack"},
		{"POST", "/stop?", "stop"},
		{"GET", "/work?", "list"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(sent->method, rows[i].method) == 0 && strstr(sent->url, rows[i].part))
			return rows[i].name;
	return NULL;
}

struct fake_reply world_reply(struct session_world *world, long status, char *body)
{
	char **place = &world->bodies[world->body_count++ % ARRAY_SIZE(world->bodies)];

	free(*place);
	*place = body;
	return (struct fake_reply){.after_ms = 1, .status = status, .body = body};
}

static const struct fault *find_fault(struct session_world *world, const char *call)
{
	for (unsigned i = 0; i < world->fault_count; i++) {
		const struct fault *fault = &world->faults[i];
		if (strcmp(fault->op, call) != 0)
			continue;
		unsigned n = world->calls_made[i]++;
		if (n >= fault->after && (fault->times == 0 || n < fault->after + fault->times))
			return fault;
	}
	return NULL;
}

static struct fake_reply on_request(const struct fake_sent *sent, void *arg)
{
	struct session_world *world = arg;
	const char *call = world_call_name(sent);

	if (!call)
		return world_connection_answer(world, sent);
	size_t used = strlen(world->calls);
	(void)snprintf(world->calls + used, sizeof(world->calls) - used, "%s%s",
		       used > 0 ? " " : "", call);
	if (strcmp(call, "stop") == 0)
		assert_string_equal(sent->body, "{\"force\":true}");
	const struct fault *fault = find_fault(world, call);
	struct fake_reply reply = {0};
	if (!fault || fault->takes_effect) {
		bool is_queue = strstr(sent->url, "queue.example");
		reply = is_queue ? world_queue_answer(world, call)
				 : world_engine_answer(world, call, sent);
	}
	if (!fault)
		return reply;
	return (struct fake_reply){.after_ms = fault->after_ms ? fault->after_ms : 1,
				   .outcome = fault->outcome,
				   .status = fault->status,
				   .body = fault->body};
}

/* --- the site --------------------------------------------------------------------------------- */

static void on_slot_free(struct session *session, void *arg)
{
	(void)session;
	((struct session_world *)arg)->slots_freed++;
}

static void on_launch_failed(struct session *session, enum session_blame blame,
			     const struct err *err, void *arg)
{
	struct session_world *world = arg;

	(void)session;
	world->failed++;
	world->blame = blame;
	world->err = *err;
}

static void on_container_known(struct session *session, void *arg)
{
	(void)arg;
	assert_string_equal(session->container_id, WORLD_ID);
}

static void on_launched(struct session *session, void *arg)
{
	(void)session;
	((struct session_world *)arg)->launched++;
}

static bool on_key_rejected(const struct err *err, void *arg)
{
	struct session_world *world = arg;

	(void)err;
	return world->keys_left > 0 && world->keys_left--;
}

static void on_record(struct session *session, void *arg)
{
	struct session_world *world = arg;

	world->records++;
	world->recorded_exit_code = session->exit_code;
}

static void on_heartbeat(struct session *session, void *arg)
{
	(void)session;
	((struct session_world *)arg)->heartbeats++;
}

static void on_force_stopped(struct session *session, void *arg)
{
	(void)session;
	((struct session_world *)arg)->force_stopped++;
}

static bool key_is_doubtful(void *arg)
{
	(void)arg;
	return false;
}

static void on_incomplete(struct session *session, void *arg)
{
	(void)session;
	((struct session_world *)arg)->incomplete++;
}

static void on_ended(struct session *session, void *arg)
{
	struct session_world *world = arg;

	assert_ptr_equal(session, world->session);
	world->ended++;
	world->kept += session->keeps_container;
	world->session = session_free(session);
}

static void on_seen(const struct work_status *status, int64_t clock_offset_ms, void *arg)
{
	struct session_world *world = arg;

	(void)clock_offset_ms;
	if (world->session && world->session->ran && status->latest_heartbeat_at_ms != 0)
		session_heartbeat_seen(world->session, status->latest_heartbeat_at_ms);
}

static bool key_was_replaced(void *arg)
{
	struct session_world *world = arg;

	return world->list_keys_left > 0 && world->list_keys_left--;
}

static bool wants_heartbeats(void *arg)
{
	const struct session *session = ((struct session_world *)arg)->session;

	return session && session->state == SESSION_RUNNING && session->times.first_heartbeat == 0;
}

static void init_site(struct session_world *world)
{
	world->lookup = lookup_new(&world->peer,
				   &(struct lookup_owner){.seen = on_seen,
							  .wants_heartbeats = wants_heartbeats,
							  .key_was_replaced = key_was_replaced,
							  .arg = world});
	world->site = (struct site){
		.loop = world->loop,
		.engine = world->engine,
		.peer = &world->peer,
		.lookup = world->lookup,
		.fleet = &world->fleet,
		.config = &world->config,
		.image = &world->plan.facts,
		.slot_free = on_slot_free,
		.launch_failed = on_launch_failed,
		.container_known = on_container_known,
		.launched = on_launched,
		.key_rejected = on_key_rejected,
		.record = on_record,
		.heartbeat = on_heartbeat,
		.force_stopped = on_force_stopped,
		.incomplete = on_incomplete,
		.key_is_doubtful = key_is_doubtful,
		.ended = on_ended,
		.arg = world,
	};
}

/* --- the engine's owner: the tests tell the session themselves -------------------------------- */

static void on_health(struct engine *engine, bool healthy, const struct err *err, void *arg)
{
	(void)engine;
	(void)healthy;
	(void)err;
	(void)arg;
}

static void on_event(struct engine *engine, const char *container_id, const char *action, void *arg)
{
	(void)engine;
	(void)arg;
	fail_msg("event %s of %s", action, container_id);
}

static void on_resync(struct engine *engine, void *arg)
{
	(void)engine;
	(void)arg;
}

/* --- life ------------------------------------------------------------------------------------- */

static void init_config(struct session_world *world)
{
	static char id[] = "env_1", name[] = "test", image[] = "localhost/session:1";
	static char instance[] = "default", base_url[] = "https://queue.example";

	world->fleet = (struct fleet){.instance = instance, .base_url = base_url};
	world->config = (struct environment){
		.id = id,
		.name = name,
		.sessions = 4,
		.image = image,
		.policy = world->plan.policy,
		.credential = CREDENTIAL_AUTO,
		.poll = {.block_ms = 999, .ack_within_ms = 3000},
		.timeouts = {.start_ms = 60000,
			     .first_heartbeat_ms = 120000,
			     .session_ms = INT64_C(6) * 3600000,
			     .stop_grace_ms = 30000},
	};
}

static void begin_log(struct session_world *world)
{
	world->stderr_fd = dup(STDERR_FILENO);
	world->log_fd = memfd_create("log", MFD_CLOEXEC);
	assert_true(dup2(world->log_fd, STDERR_FILENO) >= 0);
	log_set_level(LOG_DEBUG);
}

static void end_log(struct session_world *world)
{
	static const char *const secrets[] = {WORLD_TOKEN, WORLD_SECRET, FIXTURE_KEY};
	off_t size = lseek(world->log_fd, 0, SEEK_END);
	_cleanup_free_ char *text = xcalloc(1, (size_t)size + 1);

	assert_true(dup2(world->stderr_fd, STDERR_FILENO) >= 0);
	assert_int_equal(pread(world->log_fd, text, (size_t)size, 0), size);
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		assert_null(strstr(text, secrets[i]));
	(void)close(world->log_fd);
	(void)close(world->stderr_fd);
}

/* As the policy asks for them. */
static void init_limits(struct session_world *world)
{
	const struct policy *policy = world->plan.policy;

	world->limits = (struct process_limits){
		.cgroup = "/libpod-" WORLD_ID,
		.memory_bytes = policy->memory_bytes,
		.swap_bytes = policy->swap_bytes,
		.pids = policy->pids,
		.cpu_millis = policy->cpu_millis,
		.open_files = policy->nofile,
		.processes = policy->nproc,
		.core_bytes = policy->core_bytes,
	};
}

static void init(struct session_world *world, bool is_podman)
{
	const struct engine_options options = {.socket = "/run/docker.sock",
					       .instance = "default",
					       .launches = 2,
					       .start_timeout_ms = 60000,
					       .pull_timeout_ms = 600000};
	const struct engine_owner owner = {on_health, on_event, on_resync, world};

	*world = (struct session_world){.is_podman = is_podman,
					.beats_after_ms = 500,
					.exits_after_ms = 10000,
					.stops_its_item = true,
					.item.state = WORK_QUEUED};
	begin_log(world);
	fixture_init(&world->plan, NULL);
	init_config(world);
	init_limits(world);
	assert_int_equal(loop_new(&world->loop, NULL), 0);
	fake_answer_with(world->loop, on_request, world);
	world->peer = (struct queue_peer){.loop = world->loop,
					  .lane = fake_lane(world->loop),
					  .base_url = world->fleet.base_url,
					  .environment_id = world->config.id,
					  .worker_id = "host-1",
					  .key = world->plan.key};
	assert_int_equal(engine_new(world->loop, &options, &owner, &world->engine, NULL), 0);
	init_site(world);
	fake_run(world->loop, 1000);
	assert_true(engine_is_healthy(world->engine));
}

void world_init(struct session_world *world)
{
	init(world, false);
}

void world_init_podman(struct session_world *world)
{
	init(world, true);
}

static void check_the_end(const struct session_world *world)
{
	assert_true(world->ended <= 1);
	assert_true(world->slots_freed <= 1);
	assert_true(world->failed <= 1);
	assert_true(world->starts <= 1);
}

void world_done(struct session_world *world)
{
	check_the_end(world);
	world->session = session_free(world->session);
	timer_cancel(&world->beat_timer);
	timer_cancel(&world->exit_timer);
	timer_cancel(&world->event_timer);
	world->lookup = lookup_free(world->lookup);
	engine_free(world->engine);
	(void)lane_free(world->peer.lane);
	json_putp(&world->container.request);
	(void)loop_free(world->loop);
	for (size_t i = 0; i < ARRAY_SIZE(world->bodies); i++)
		free(world->bodies[i]);
	fixture_done(&world->plan);
	fake_process_end();
	end_log(world);
}

void world_fault(struct session_world *world, struct fault fault)
{
	assert_true(world->fault_count < 8);
	world->faults[world->fault_count++] = fault;
}

static void make_session(struct session_world *world)
{
	struct work_item item = {.id = "work_1",
				 .session_id = "sesn_1",
				 .created_at_ms = loop_wall_ms(world->loop),
				 .secret = secret_new(WORLD_SECRET, strlen(WORLD_SECRET)),
				 .sessions_token = secret_new(WORLD_TOKEN, strlen(WORLD_TOKEN))};

	world->session = session_new(&world->site, &item);
}

void world_launch(struct session_world *world)
{
	make_session(world);
	session_launch(world->session);
}

void world_refuse(struct session_world *world)
{
	struct err why;

	make_session(world);
	(void)err_set(&why, ERR_REFUSED, -EINVAL, "no session");
	session_refuse(world->session, &why);
}

void world_say_claimed(struct session_world *world, int64_t ms)
{
	struct json_object *labels =
		json_get_object(world->container.request, world->is_podman ? "labels" : "Labels");
	char claimed[32];

	text_format_time(claimed, ms);
	json_add_string(labels, "berth.claimed", claimed);
}

void world_leave_container(struct session_world *world, enum container_status status)
{
	static const char labels[] = "{\"berth.schema\":\"1\",\"berth.instance\":\"default\","
				     "\"berth.work\":\"work_1\",\"berth.session\":\"sesn_1\"}";
	_cleanup_free_ char *request = xasprintf(
		world->is_podman ? "{\"labels\":%s}" : "{\"HostConfig\":{},\"Labels\":%s}", labels);
	struct world_container *container = &world->container;
	int64_t now = loop_wall_ms(world->loop);

	assert_int_equal(json_parse(request, strlen(request), &container->request), 0);
	world_say_claimed(world, now - 4000);
	container->status = status;
	container->created_at_ms = now - 3000;
	container->started_at_ms = status == CONTAINER_CREATED ? 0 : now - 2000;
	container->finished_at_ms = status == CONTAINER_EXITED ? now - 1000 : 0;
	if (world->is_podman && status == CONTAINER_RUNNING)
		world_begin_process(world);
}

void world_adopt(struct session_world *world)
{
	static char id[] = WORLD_ID, name[] = "berth-work_1";
	static char label[] = "berth.work", work[] = "work_1";
	static struct name_value labels[] = {{label, work}};
	const struct container container = {.id = id,
					    .name = name,
					    .status = world->container.status,
					    .labels = labels,
					    .label_count = 1};

	world->session = session_new_adopted(&world->site, &container);
	session_adopt(world->session);
}

unsigned world_count(const struct session_world *world, const char *call)
{
	unsigned count = 0;

	for (const char *at = world->calls; *at;) {
		size_t len = strcspn(at, " ");
		count += len == strlen(call) && strncmp(at, call, len) == 0;
		at += len + (at[len] == ' ');
	}
	return count;
}

bool world_has(const struct session_world *world, const char *call)
{
	return world_count(world, call) > 0;
}
