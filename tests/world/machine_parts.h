#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a machine share. Private to machine*.c. */
#include "world/machine.h"

/* What its image runs. */
#define IMAGE_COMMAND "worker"

struct network {
	char *name;
	struct network *prev, *next;
};

/* Podman: a name in use by nothing but what a create left that was cut off. */
struct left_name {
	char *name;
	struct left_name *prev, *next;
};

/* A call that is answered later. */
struct parked {
	struct machine *machine;
	struct wire_call *call;
	long status;
	char *body;
	struct sim_event event;
	struct parked *prev, *next;
};

/* An open event stream. */
struct stream {
	struct machine *machine;
	struct wire_call *call;
	char *instance;
	struct stream *prev, *next;
};

struct machine {
	struct sim *sim;
	const char *name;
	char *socket;
	enum machine_kind kind;
	struct machine_owner owner;
	struct machine_trouble trouble;
	bool is_up, kills_containers, is_command_broken, forgets_news;
	enum machine_image image;
	int64_t disk_bytes, memory_bytes, clock_offset_ms;
	struct machine_container *by_id, *by_name;
	struct network *networks;
	struct left_name *left_names;
	struct parked *parked;
	struct stream *streams;
	struct news *news; /* events that were told, for who asks for older ones */
	size_t news_count;
	uint64_t ids;
};

bool machine_is_podman(const struct machine *machine);
int64_t machine_wall_ms(const struct machine *machine);

/* machine.c: what happens to a container; each tells the owner and the event streams. */
struct machine_container *container_make(struct machine *machine, const char *name,
					 struct json_object *request);
void container_prepare(struct machine_container *container);
void container_run(struct machine_container *container);
/* It may be said within that time that it has died, while it runs on. */
void container_rumour(struct machine_container *container, uint64_t within_ms);
void container_end(struct machine_container *container, int exit_code, bool oom_killed);
void container_remove(struct machine_container *container);

/* machine_events.c */
void events_tell(struct machine_container *container, const char *action);
void events_open(struct machine *machine, struct wire_call *call);
void events_cut(struct machine *machine);
void events_forget(struct machine *machine);

/* machine_inspect.c: bodies, the caller's to free. */
char *inspect_body(const struct machine_container *container);
char *list_body(struct machine *machine, const char *instance);
char *info_body(const struct machine *machine);
char *image_body(const struct machine *machine);

/* "berth.instance=VALUE" of the filters in a path; the caller's to free, NULL: none. */
char *filtered_instance(const char *path);
