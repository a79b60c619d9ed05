/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "world/world.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		abort();
	}
}

/* Under another name first, so that a reader never sees half of it. */
static void write_file(const char *path, const char *text)
{
	_cleanup_free_ char *other = xasprintf("%s.new", path);
	_cleanup_close_ int fd = open(other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd, other);
	must(file_write_all(fd, text, strlen(text)), other);
	must(rename(other, path), path);
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		must(-1, path);
}

static char *key_path(const struct world *world, size_t environment)
{
	return xasprintf("%s/env_%zu.key", world->options->folder, environment);
}

void place_write_keys(struct world *world)
{
	for (size_t i = 0; i < world->scenario.environment_count; i++) {
		_cleanup_free_ char *path = key_path(world, i);
		write_file(path, world->environments[i]->key);
	}
}

static void add_environment(struct buf *yaml, const struct host_life *life, size_t index)
{
	const struct environment_scenario *environment = &life->world->scenario.environments[index];
	_cleanup_free_ char *key = key_path(life->world, index);

	(void)!buf_addf(yaml,
			"  - id: env_%zu\n"
			"    key: { file: %s }\n"
			"    sessions: %" PRId64 "\n"
			"    weight: %" PRId64 "\n"
			"    exclusive: %s\n"
			"    pull: %s\n"
			"    credential: %s\n"
			"    poll: { idle_max: %" PRIu64 "ms, ack_within: %" PRId64 "ms }\n"
			"    timeouts: { first_heartbeat: %" PRId64 "ms, session: %" PRId64
			"ms, stop_grace: %" PRId64 "ms }\n",
			index, key, environment->sessions, environment->weight,
			environment->is_exclusive ? "true" : "false", environment->pull,
			environment->credential, environment->idle_max_ms,
			environment->ack_within_ms, environment->first_heartbeat_ms,
			environment->session_ms, environment->stop_grace_ms);
	if (life->scenario->machine_count > 1)
		(void)!buf_addf(yaml, "    engine: e%zu\n", environment->engine);
}

static void add_engines(struct buf *yaml, const struct host_life *life)
{
	const struct host_scenario *scenario = life->scenario;

	if (scenario->machine_count == 1) {
		(void)!buf_addf(yaml, "engine: { socket: unix://%s, launches: %" PRId64 " }\n",
				machine_socket(life->host.machines[0]), scenario->launches);
		return;
	}
	(void)!buf_adds(yaml, "engines:\n");
	for (size_t i = 0; i < scenario->machine_count; i++)
		(void)!buf_addf(yaml, "  e%zu: { socket: unix://%s, launches: %" PRId64 " }\n", i,
				machine_socket(life->host.machines[i]), scenario->launches);
}

static void write_config(const struct host_life *life)
{
	const struct world *world = life->world;
	_cleanup_(buf_done) struct buf yaml;

	buf_init(&yaml, BUF_MAX_CONFIG_FILE);
	(void)!buf_addf(&yaml,
			"version: 1\n"
			"instance: %s\n"
			"state_dir: %s\n"
			"policy_dir: %s\n"
			"base_url: http://127.0.0.1:1\n"
			"host: { sessions: %" PRId64 " }\n"
			"logs: { size: %s }\n"
			"on_shutdown: %s\n"
			"defaults: { image: localhost/berth-session:1 }\n",
			life->instance, life->state_dir, world->options->policies,
			life->scenario->sessions, life->scenario->captures_output ? "16KiB" : "0B",
			life->scenario->stops_on_shutdown ? "stop" : "leave");
	add_engines(&yaml, life);
	(void)!buf_adds(&yaml, "environments:\n");
	for (size_t i = 0; i < world->scenario.environment_count; i++)
		add_environment(&yaml, life, i);
	write_file(life->config, yaml.data);
}

void place_spoil(struct host_life *life, bool is_spoilt)
{
	if (is_spoilt)
		write_file(life->config, "version: 1\nenvironments: [ { id: 7, nonsense: }\n");
	else
		write_config(life);
}

static int print_problem(const char *text)
{
	return fprintf(stderr, "the world's own fleet file is refused: %s\n", text);
}

static void on_problem(const char *line, void *arg)
{
	(void)arg;
	(void)print_problem(line);
}

static void load(struct host_life *life)
{
	struct problems problems = {0};

	life->host.flags = (struct fleet_flags){.config = life->config, .need = FLEET_ALL};
	if (fleet_load(&life->host.flags, &problems, &life->host.fleet) < 0) {
		problems_each(&problems, on_problem, NULL);
		abort();
	}
	problems_done(&problems);
}

void place_make(struct host_life *life)
{
	_cleanup_free_ char *records = NULL;

	life->folder = xasprintf("%s/%s", life->world->options->folder, life->host.name);
	life->config = xasprintf("%s/fleet.yaml", life->folder);
	life->state_dir = xasprintf("%s/state", life->folder);
	make_folder(life->folder);
	make_folder(life->state_dir);
	records = xasprintf("%s/records.jsonl", life->state_dir);
	(void)unlink(records);
	write_config(life);
	load(life);
}

void place_free(struct host_life *life)
{
	life->host.fleet = fleet_free(life->host.fleet);
	free(life->folder);
	free(life->config);
	free(life->state_dir);
}
