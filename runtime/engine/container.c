/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/container.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "engine/message.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static const struct {
	const char *name;
	enum container_status status;
} statuses[] = {
	{"created", CONTAINER_CREATED},
	{"running", CONTAINER_RUNNING},
	{"paused", CONTAINER_RUNNING},
	{"restarting", CONTAINER_RUNNING},
	{"exited", CONTAINER_EXITED},
	{"dead", CONTAINER_DEAD},
	{"removing", CONTAINER_DEAD},
	/* Podman's own (libpod 4.3). What it does not know, or has not ended yet, may still run. */
	{"configured", CONTAINER_CREATED},
	{"initialized", CONTAINER_CREATED},
	{"stopped", CONTAINER_EXITED},
	{"stopping", CONTAINER_RUNNING},
	{"unknown", CONTAINER_RUNNING},
};

bool container_id_is_valid(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static int parse_status(const char *text, enum container_status *ret)
{
	for (size_t i = 0; text && i < ARRAY_SIZE(statuses); i++) {
		if (strcmp(text, statuses[i].name) == 0) {
			*ret = statuses[i].status;
			return 0;
		}
	}
	return -EBADMSG;
}

static int parse_id(struct json_object *reply, char **ret)
{
	const char *id = json_get_string(reply, "Id");

	if (!id || !container_id_is_valid(id))
		return -EBADMSG;
	*ret = xstrdup(id);
	return 0;
}

/* Values that are no strings cannot be ours; they are left out. */
static void parse_labels(struct json_object *labels, struct container *container)
{
	size_t count = labels ? (size_t)json_object_object_length(labels) : 0;

	if (count == 0)
		return;
	container->labels = xcalloc(count, sizeof(*container->labels));
	json_object_object_foreach (labels, key, value) {
		const char *text = json_string(value);
		if (!text)
			continue;
		container->labels[container->label_count++] =
			(struct name_value){.name = xstrdup(key), .value = xstrdup(text)};
	}
}

/* "/name"; list also shows the names that links give, "/other/alias" (legacy, Docker). */
static int parse_name(const char *text, char **ret)
{
	if (!text)
		return -EBADMSG;
	if (*text == '/')
		text++;
	if (*text == '\0' || strchr(text, '/'))
		return -EBADMSG;
	*ret = xstrdup(text);
	return 0;
}

static int parse_names(struct json_object *names, char **ret)
{
	size_t count = names ? json_object_array_length(names) : 0;

	for (size_t i = 0; i < count; i++)
		if (parse_name(json_string(json_object_array_get_idx(names, i)), ret) == 0)
			return 0;
	return -EBADMSG;
}

/* Go's zero time and anything else that is no time count as "none". */
static int64_t parse_time(struct json_object *object, const char *key)
{
	const char *text = json_get_string(object, key);
	int64_t time_ms;

	if (!text || text_parse_time(text, &time_ms) < 0 || time_ms < 0)
		return 0;
	return time_ms;
}

static int parse_int(struct json_object *object, const char *key)
{
	int64_t value = json_get_int(object, key, 0);

	return value < INT_MIN || value > INT_MAX ? -1 : (int)value;
}

static void parse_state(struct json_object *state, struct container *container)
{
	char error[MESSAGE_MAX];

	container->started_at_ms = parse_time(state, "StartedAt");
	container->finished_at_ms = parse_time(state, "FinishedAt");
	container->exit_code = parse_int(state, "ExitCode");
	container->pid = parse_int(state, "Pid");
	container->monitor_pid = parse_int(state, "ConmonPid");
	container->oom_killed = json_get_bool(state, "OOMKilled", false);
	const char *text = json_get_string(state, "Error");
	if (text && *text) {
		message_clean(error, text, strlen(text), NULL);
		container->error = xstrdup(error);
	}
	/* Podman forgets what ran when its run-time directory is lost (a reboot, the end of a
	 * user's session), and makes an exited container ready once more when it is asked to
	 * prepare it: in either case it has had its run, and how that ended is not known. */
	if (container->status == CONTAINER_CREATED && container->started_at_ms != 0) {
		container->status = CONTAINER_DEAD;
		container->exit_code = -1;
	}
}

static const struct json_wanted config_wanted[] = {{"Env", NULL}, {"Labels", NULL}, {NULL, NULL}};

const struct json_wanted container_wanted[] = {
	{"Id", NULL},	  {"Name", NULL},  {"Created", NULL},	      {"Path", NULL},
	{"SizeRw", NULL}, {"State", NULL}, {"Config", config_wanted}, {NULL, NULL},
};

int container_parse_inspect(struct json_object *reply, struct container *ret)
{
	_cleanup_(container_done) struct container container = {0};
	struct json_object *state = json_get_object(reply, "State");
	struct json_object *config = json_get_object(reply, "Config");

	int r = parse_id(reply, &container.id);
	if (r < 0)
		return r;
	r = parse_name(json_get_string(reply, "Name"), &container.name);
	if (r < 0)
		return r;
	r = parse_status(json_get_string(state, "Status"), &container.status);
	if (r < 0)
		return r;
	parse_labels(json_get_object(config, "Labels"), &container);
	parse_state(state, &container);
	container.created_at_ms = parse_time(reply, "Created");
	container.program = xstrdup_or_null(json_get_string(reply, "Path"));
	container.written_bytes = json_get_int(reply, "SizeRw", -1);
	*ret = container;
	container = (struct container){0};
	return 0;
}

static int parse_listed(struct json_object *item, struct container *ret)
{
	_cleanup_(container_done) struct container container = {0};

	int r = parse_id(item, &container.id);
	if (r < 0)
		return r;
	r = parse_names(json_get_array(item, "Names"), &container.name);
	if (r < 0)
		return r;
	r = parse_status(json_get_string(item, "State"), &container.status);
	if (r < 0)
		return r;
	parse_labels(json_get_object(item, "Labels"), &container);
	int64_t created_s = json_get_int(item, "Created", 0);
	if (created_s > 0 && created_s < INT64_MAX / 1000)
		container.created_at_ms = created_s * 1000;
	*ret = container;
	container = (struct container){0};
	return 0;
}

int container_parse_list(struct json_object *reply, struct container **ret, size_t *ret_count)
{
	if (!json_object_is_type(reply, json_type_array))
		return -EBADMSG;

	size_t count = json_object_array_length(reply);
	struct container *list = count > 0 ? xcalloc(count, sizeof(*list)) : NULL;
	for (size_t i = 0; i < count; i++) {
		int r = parse_listed(json_object_array_get_idx(reply, i), &list[i]);
		if (r < 0) {
			while (i > 0)
				container_done(&list[--i]);
			free(list);
			return r;
		}
	}
	*ret = list;
	*ret_count = count;
	return 0;
}

int container_parse_created(struct json_object *reply, char into[65])
{
	const char *id = json_get_string(reply, "Id");

	if (!id || !container_id_is_valid(id))
		return -EBADMSG;
	memcpy(into, id, 65);
	return 0;
}

char *container_parse_warnings(struct json_object *reply)
{
	_cleanup_(buf_done) struct buf all = {0};
	char line[MESSAGE_MAX];
	struct json_object *warnings = json_get_array(reply, "Warnings");
	size_t count = warnings ? json_object_array_length(warnings) : 0;

	buf_init(&all, sizeof(line));
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string(json_object_array_get_idx(warnings, i));
		if (!text)
			text = "(no text)";
		/* What does not fit is cut: that there is a warning is what counts. */
		message_clean(line, text, strlen(text), NULL);
		if (buf_addf(&all, "%s%s", i > 0 ? "; " : "", line) < 0)
			break;
	}
	return count > 0 ? buf_take(&all) : NULL;
}

const char *container_status_name(enum container_status status)
{
	static const char *const names[] = {
		[CONTAINER_CREATED] = "created",
		[CONTAINER_RUNNING] = "running",
		[CONTAINER_EXITED] = "exited",
		[CONTAINER_DEAD] = "dead",
	};
	return names[status];
}

const char *container_label(const struct container *container, const char *name)
{
	for (size_t i = 0; i < container->label_count; i++)
		if (strcmp(container->labels[i].name, name) == 0)
			return container->labels[i].value;
	return NULL;
}

int64_t container_claimed_ms(const struct container *container)
{
	const char *claimed = container_label(container, LABEL_CLAIMED);
	int64_t ms = 0;

	return claimed && text_parse_time(claimed, &ms) == 0 ? ms : 0;
}

static bool has_label(const struct container *container, const char *name, const char *value)
{
	const char *actual = container_label(container, name);

	return actual && strcmp(actual, value) == 0;
}

bool container_is_ours(const struct container *container, const char *instance)
{
	const char *work = container_label(container, LABEL_WORK);
	char name[160];

	if (!has_label(container, LABEL_SCHEMA, LABEL_SCHEMA_VALUE) ||
	    !has_label(container, LABEL_INSTANCE, instance) || !work || !text_is_id(work))
		return false;
	plan_container_name(name, work);
	return container->name && strcmp(container->name, name) == 0;
}

void container_done(struct container *container)
{
	for (size_t i = 0; i < container->label_count; i++) {
		free(container->labels[i].name);
		free(container->labels[i].value);
	}
	free(container->labels);
	free(container->id);
	free(container->name);
	free(container->program);
	free(container->error);
	*container = (struct container){0};
}
