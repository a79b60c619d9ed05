/* SPDX-License-Identifier: Apache-2.0 */
/* A machine's containers and their processes: what the engine's calls, and life, do to them. */
#include "world/machine.h"

#include "base/cleanup.h"
#include "world/machine_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* --- processes of all machines ---------------------------------------------------------------- */

struct pid_entry {
	int pid;
	struct machine_container *container;
	UT_hash_handle hh;
};

static struct pid_entry *pids;
static int last_pid;
static unsigned machines;

static void new_process(struct machine_container *container)
{
	struct pid_entry *entry = xcalloc(1, sizeof(*entry));

	entry->pid = container->pid = 1000 + ++last_pid;
	entry->container = container;
	HASH_ADD_INT(pids, pid, entry);
}

/* The engine may go on to show its number. */
static void end_process(const struct machine_container *container)
{
	struct pid_entry *entry;

	HASH_FIND_INT(pids, &container->pid, entry);
	if (!entry)
		return;
	HASH_DEL(pids, entry);
	free(entry);
}

struct machine_container *machine_process(int pid)
{
	struct pid_entry *entry;

	HASH_FIND_INT(pids, &pid, entry);
	return entry ? entry->container : NULL;
}

bool machine_process_runs(const struct machine_container *container)
{
	return container->status == CONTAINER_RUNNING;
}

bool machine_is_alive(const struct machine_container *container)
{
	return container->status == CONTAINER_RUNNING && container->pid != 0 &&
	       machine_process(container->pid) == container;
}

/* --- the machine ------------------------------------------------------------------------------ */

struct machine *machine_new(struct sim *sim, const char *name, enum machine_kind kind,
			    const struct machine_owner *owner)
{
	struct machine *machine = xcalloc(1, sizeof(*machine));

	machine->sim = sim;
	machine->name = name;
	machine->socket = xasprintf("/run/world/%s.sock", name);
	machine->kind = kind;
	machine->owner = *owner;
	machine->is_up = true;
	machines++;
	return machine;
}

static void forget_names(struct machine *machine)
{
	struct network *network, *next_network;
	struct left_name *left, *next_left;

	DL_FOREACH_SAFE(machine->networks, network, next_network)
	{
		free(network->name);
		free(network);
	}
	DL_FOREACH_SAFE(machine->left_names, left, next_left)
	{
		free(left->name);
		free(left);
	}
}

struct machine *machine_free(struct machine *machine)
{
	struct machine_container *container, *next;

	if (!machine)
		return NULL;
	machine_engine_kill(machine, false);
	HASH_ITER (by_id, machine->by_id, container, next)
		container_remove(container);
	forget_names(machine);
	events_forget(machine);
	free(machine->socket);
	free(machine);
	if (--machines == 0)
		last_pid = 0;
	return NULL;
}

const char *machine_socket(const struct machine *machine)
{
	return machine->socket;
}

enum machine_kind machine_kind(const struct machine *machine)
{
	return machine->kind;
}

bool machine_is_podman(const struct machine *machine)
{
	return machine->kind != MACHINE_DOCKER;
}

int64_t machine_wall_ms(const struct machine *machine)
{
	return sim_wall_ms(machine->sim) + machine->clock_offset_ms;
}

void machine_jump_clock(struct machine *machine, int64_t by_ms)
{
	machine->clock_offset_ms += by_ms;
}

void machine_set_trouble(struct machine *machine, const struct machine_trouble *trouble)
{
	machine->trouble = *trouble;
}

void machine_set_image(struct machine *machine, enum machine_image image)
{
	machine->image = image;
}

enum machine_image machine_image(const struct machine *machine)
{
	return machine->image;
}

void machine_set_command_is_broken(struct machine *machine, bool is_broken)
{
	machine->is_command_broken = is_broken;
}

void machine_set_room(struct machine *machine, int64_t disk_bytes, int64_t memory_bytes)
{
	machine->disk_bytes = disk_bytes;
	machine->memory_bytes = memory_bytes;
}

int64_t machine_disk(const struct machine *machine)
{
	return machine->disk_bytes;
}

int64_t machine_memory(const struct machine *machine)
{
	return machine->memory_bytes;
}

size_t machine_networks_left(const struct machine *machine)
{
	const struct network *network;
	size_t count = 0;

	DL_COUNT(machine->networks, network, count);
	return count;
}

/* --- containers ------------------------------------------------------------------------------- */

static struct json_object *labels_of(const struct machine_container *container)
{
	struct json_object *labels = json_get_object(container->request, "Labels");

	return labels ? labels : json_get_object(container->request, "labels");
}

const char *machine_label(const struct machine_container *container, const char *name)
{
	return json_get_string(labels_of(container), name);
}

char *machine_variable(const struct machine_container *container, const char *name)
{
	struct json_object *object = json_get_object(container->request, "env");
	struct json_object *list = json_get_array(container->request, "Env");
	size_t len = strlen(name);

	if (object)
		return xstrdup_or_null(json_get_string(object, name));
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		const char *entry = json_string(json_object_array_get_idx(list, i));
		if (strncmp(entry, name, len) == 0 && entry[len] == '=')
			return xstrdup(entry + len + 1);
	}
	return NULL;
}

struct machine_container *machine_find(struct machine *machine, const char *id_or_name)
{
	struct machine_container *container;

	HASH_FIND(by_id, machine->by_id, id_or_name, strlen(id_or_name), container);
	if (!container)
		HASH_FIND(by_name, machine->by_name, id_or_name, strlen(id_or_name), container);
	return container;
}

void machine_each(struct machine *machine,
		  void (*fn)(struct machine_container *container, void *arg), void *arg)
{
	struct machine_container *container, *next;

	HASH_ITER (by_id, machine->by_id, container, next)
		fn(container, arg);
}

size_t machine_count(const struct machine *machine)
{
	return HASH_CNT(by_id, machine->by_id);
}

struct machine_container *container_make(struct machine *machine, const char *name,
					 struct json_object *request)
{
	struct machine_container *container = xcalloc(1, sizeof(*container));

	container->machine = machine;
	(void)snprintf(container->id, sizeof(container->id), "%016" PRIx64 "%.2s%046d",
		       ++machine->ids * UINT64_C(0x9e3779b97f4a7c15), machine->name + 1 - 1, 0);
	for (char *p = container->id; *p; p++)
		if (!strchr("0123456789abcdef", *p))
			*p = 'e';
	container->name = xstrdup(name);
	container->request = request;
	container->status = CONTAINER_CREATED;
	container->created_at_ms = machine_wall_ms(machine);
	if (sim_chance(machine->sim, machine->trouble.start_struggles))
		container->failing_starts = (unsigned)sim_random(machine->sim, 1, 6);
	container->is_unfit = machine->image == IMAGE_IS_UNFIT;
	HASH_ADD_KEYPTR(by_id, machine->by_id, container->id, strlen(container->id), container);
	HASH_ADD_KEYPTR(by_name, machine->by_name, container->name, strlen(name), container);
	return container;
}

void container_prepare(struct machine_container *container)
{
	container->is_prepared = true;
	container->status = CONTAINER_CREATED;
	new_process(container);
}

static void on_cannot_run(void *arg)
{
	struct machine_container *container = arg;

	container_end(container, machine_is_podman(container->machine) ? 1 : 127, false);
}

static void on_rumour(void *arg)
{
	struct machine_container *container = arg;

	events_tell(container, machine_is_podman(container->machine) ? "died" : "die");
}

void container_rumour(struct machine_container *container, uint64_t within_ms)
{
	struct sim *sim = container->machine->sim;

	if (sim_chance(sim, container->machine->trouble.event_false))
		sim_at(sim, &container->rumour, sim_random_scale(sim, 1, within_ms), on_rumour,
		       container);
}

void container_run(struct machine_container *container)
{
	struct machine *machine = container->machine;

	container->status = CONTAINER_RUNNING;
	container->started_at_ms = machine_wall_ms(machine);
	container->finished_at_ms = 0;
	container->runs++;
	if (container->pid == 0 || machine_process(container->pid) != container)
		new_process(container);
	events_tell(container, "start");
	container_rumour(container, 1800000);
	container->is_command_broken = machine->is_command_broken;
	if (container->is_command_broken)
		sim_at(machine->sim, &container->event, sim_random(machine->sim, 5, 200),
		       on_cannot_run, container);
	else
		machine->owner.started(container, machine->owner.arg);
}

static void on_vanish(void *arg)
{
	container_remove(arg);
}

void container_end(struct machine_container *container, int exit_code, bool oom_killed)
{
	struct machine *machine = container->machine;

	sim_cancel(machine->sim, &container->event);
	sim_cancel(machine->sim, &container->rumour);
	end_process(container);
	container->pid = 0;
	container->is_prepared = container->was_cut_off = false;
	container->status = CONTAINER_EXITED;
	container->finished_at_ms = machine_wall_ms(machine);
	container->exit_code = exit_code;
	container->oom_killed = oom_killed;
	machine->owner.ended(container, machine->owner.arg);
	if (oom_killed)
		events_tell(container, "oom");
	events_tell(container, machine_is_podman(machine) ? "died" : "die");
	if (sim_chance(machine->sim, machine->trouble.vanishes))
		sim_at(machine->sim, &container->event, sim_random_scale(machine->sim, 1, 60000),
		       on_vanish, container);
}

void machine_exit(struct machine_container *container, int exit_code, bool oom_killed)
{
	container_end(container, exit_code, oom_killed);
}

void machine_kill_monitor(struct machine_container *container)
{
	struct machine *machine = container->machine;

	sim_cancel(machine->sim, &container->event);
	end_process(container);
	machine->owner.ended(container, machine->owner.arg);
}

void container_remove(struct machine_container *container)
{
	struct machine *machine = container->machine;

	sim_cancel(machine->sim, &container->event);
	sim_cancel(machine->sim, &container->rumour);
	end_process(container);
	machine->owner.removed(container, machine->owner.arg);
	events_tell(container, machine_is_podman(machine) ? "remove" : "destroy");
	HASH_DELETE(by_id, machine->by_id, container);
	HASH_DELETE(by_name, machine->by_name, container);
	json_object_put(container->request);
	free(container->name);
	free(container);
}

struct machine_container *machine_add_stranger(struct machine *machine, const char *name,
					       struct json_object *labels, bool runs)
{
	struct json_object *request = json_new_object();

	json_add(request, machine_is_podman(machine) ? "labels" : "Labels",
		 labels ? json_object_get(labels) : json_new_object());
	struct machine_container *container = container_make(machine, name, request);
	if (runs) {
		container->status = CONTAINER_RUNNING;
		container->started_at_ms = machine_wall_ms(machine);
		new_process(container);
	}
	return container;
}

/* --- the engine's process --------------------------------------------------------------------- */

void machine_engine_kill(struct machine *machine, bool kills_containers)
{
	struct parked *parked, *next;

	machine->is_up = false;
	machine->kills_containers = kills_containers && machine->kind == MACHINE_DOCKER;
	events_cut(machine);
	DL_FOREACH_SAFE(machine->parked, parked, next)
	{
		struct wire_call *call = parked->call;
		sim_cancel(machine->sim, &parked->event);
		DL_DELETE(machine->parked, parked);
		free(parked->body);
		free(parked);
		wire_cut(call);
	}
}

static void end_if_running(struct machine_container *container, void *arg)
{
	(void)arg;
	container->is_removing = false;
	if (container->status == CONTAINER_RUNNING && container->machine->kills_containers)
		container_end(container, 137, false);
}

static void lose_one(struct machine_container *container, void *arg)
{
	(void)arg;
	if (sim_chance(container->machine->sim, 3000))
		container_remove(container);
}

void machine_engine_start(struct machine *machine, bool loses)
{
	machine->forgets_news = loses;
	if (loses)
		machine_each(machine, lose_one, NULL);
	machine->forgets_news = false;
	machine->is_up = true;
	machine_each(machine, end_if_running, NULL);
	machine->kills_containers = false;
}

bool machine_engine_is_up(const struct machine *machine)
{
	return machine->is_up;
}
