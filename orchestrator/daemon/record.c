/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/record.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct records {
	int fd;
	bool failed;
	char *path;
};

int records_open(const char *state_dir, struct records **ret, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/records.jsonl", state_dir);
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_set(err, ERR_INPUT, -errno, "cannot open '%s': %s", path,
			       strerror(errno));
	struct records *records = xcalloc(1, sizeof(*records));
	records->fd = fd;
	records->path = TAKE(path);
	*ret = records;
	return 0;
}

struct records *records_close(struct records *records)
{
	if (!records)
		return NULL;
	(void)close(records->fd);
	free(records->path);
	free(records);
	return NULL;
}

static void add_time(struct json_object *object, const char *name, int64_t epoch_ms)
{
	char text[32];

	if (epoch_ms == 0)
		return;
	text_format_time(text, epoch_ms);
	json_add_string(object, name, text);
}

static struct json_object *build(const struct session *session)
{
	const struct session_times *times = &session->times;
	struct json_object *object = json_new_object();

	json_add_string(object, "container",
			session->container_id[0] ? session->container_id : NULL);
	json_add_string(object, "environment", session->site->config->id);
	json_add_string(object, "session", session->item.session_id);
	json_add_string(object, "work", session->item.id);
	json_add_string(object, "image", session->site->config->image);
	json_add_string(object, "policy", session->site->config->policy->name);
	json_add_bool(object, "adopted", session->is_adopted);
	add_time(object, "queued", times->queued);
	add_time(object, "claimed", times->claimed);
	add_time(object, "created", times->created);
	add_time(object, "acked", times->acked);
	add_time(object, "started", times->started);
	add_time(object, "first_heartbeat", times->first_heartbeat);
	add_time(object, "exited", times->exited);
	add_time(object, "removed", times->removed);
	if (times->started != 0 && times->exited != 0)
		json_add_int(object, "ran_ms", times->exited - times->started);
	if (times->exited != 0 || !session->ran)
		json_add_string(object, "ended_by", session_end_name(session->end));
	if (times->exited != 0) {
		json_add_int(object, "exit_code", session->exit_code);
		json_add_bool(object, "oom_killed", session->oom_killed);
	}
	json_add_bool(object, "force_stopped", session->was_force_stopped);
	json_add_bool(object, "quick_exit", session->is_quick_exit);
	json_add_bool(object, "environment_key_exposed", session->exposes_environment_key);
	json_add_string(object, "reason", session->reason[0] ? session->reason : NULL);
	return object;
}

int records_append(struct records *records, const struct session *session)
{
	_cleanup_(json_putp) struct json_object *object = build(session);
	_cleanup_free_ char *line = xasprintf("%s\n", json_line(object));
	off_t end = lseek(records->fd, 0, SEEK_END);

	int r = file_write_all(records->fd, line, strlen(line));
	/* Half a line would spoil the next one. */
	if (r < 0 && end >= 0)
		(void)!ftruncate(records->fd, end);
	if (r < 0 && !records->failed)
		log_event(LOG_ERROR, "record_lost", NULL, NULL, "cannot append to '%s': %s",
			  records->path, strerror(-r));
	records->failed = r < 0;
	return r;
}
