/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/verify.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "engine/message.h"

#include <errno.h>
#include <string.h>

bool json_is_empty(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return true;
	case json_type_boolean:
		return !json_object_get_boolean(value);
	case json_type_int:
		return json_object_get_int64(value) == 0;
	case json_type_string:
		return json_object_get_string_len(value) == 0;
	case json_type_array:
		return json_object_array_length(value) == 0;
	case json_type_object:
		return json_object_object_length(value) == 0;
	case json_type_double:
		break;
	}
	return false;
}

bool json_same(struct json_object *asked, struct json_object *got)
{
	return (json_is_empty(asked) && json_is_empty(got)) || json_object_equal(asked, got);
}

static bool has_member(struct json_object *array, struct json_object *value)
{
	for (size_t i = 0; i < json_object_array_length(array); i++)
		if (json_object_equal(json_object_array_get_idx(array, i), value))
			return true;
	return false;
}

bool json_contains(struct json_object *asked, struct json_object *got)
{
	if (json_is_empty(asked))
		return true;
	if (!json_object_is_type(asked, json_type_array) ||
	    !json_object_is_type(got, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(asked); i++)
		if (!has_member(got, json_object_array_get_idx(asked, i)))
			return false;
	return true;
}

static bool is_named_as(struct json_object *a, struct json_object *b)
{
	return json_object_equal(json_get(a, "Name"), json_get(b, "Name"));
}

bool json_same_limits(struct json_object *asked, struct json_object *got)
{
	if (!json_contains(asked, got))
		return false;
	for (size_t i = 0; i < json_object_array_length(asked); i++) {
		struct json_object *limit = json_object_array_get_idx(asked, i);
		unsigned named = 0;
		for (size_t j = 0; j < json_object_array_length(got); j++)
			named += is_named_as(limit, json_object_array_get_idx(got, j));
		if (named != 1)
			return false;
	}
	return true;
}

bool json_same_set(struct json_object *asked, struct json_object *got)
{
	return json_contains(asked, got) && json_contains(got, asked);
}

const char *json_text(struct json_object *value)
{
	return json_is_empty(value) && !json_object_is_type(value, json_type_boolean) &&
			       !json_object_is_type(value, json_type_int)
		       ? "nothing"
		       : json_line(value);
}

int verify_refuse(const struct plan *plan, const char *field, const char *asked, const char *got,
		  const char *remedy, struct err *err)
{
	char where[MESSAGE_MAX], made[MESSAGE_MAX];

	message_clean(where, field, strlen(field), plan);
	message_clean(made, got, strlen(got), plan);
	return err_set(err, ERR_REFUSED, -EPERM,
		       "%.100s: asked for %.100s, the engine made it %.100s; %s", where, asked,
		       made, remedy);
}

struct json_object *json_at(struct json_object *object, const char *path)
{
	char key[64];

	for (;;) {
		size_t len = strcspn(path, ".");
		if (len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = '\0';
		object = json_get(object, key);
		if (path[len] == '\0')
			return object;
		path += len + 1;
	}
}

/* Of two objects only the first member that differs is worth a message. */
static int refuse_member(const struct verify_field *field, const struct plan *plan,
			 struct json_object *asked, struct json_object *got, struct err *err)
{
	const char *differs = NULL;

	json_object_object_foreach (asked, key, value) {
		if (!differs && !json_object_equal(value, json_get(got, key)))
			differs = key;
	}
	if (!differs && json_object_is_type(got, json_type_object)) {
		json_object_object_foreach (got, added, ignored) {
			(void)ignored;
			if (!differs && !json_get(asked, added))
				differs = added;
		}
	}
	_cleanup_free_ char *path = xasprintf("%s[%s]", field->path, differs ? differs : "?");
	return verify_refuse(plan, path, json_text(differs ? json_get(asked, differs) : NULL),
			     json_text(differs ? json_get(got, differs) : NULL), field->remedy,
			     err);
}

int verify_fields(const struct verify_field *fields, size_t count, const struct plan *plan,
		  struct json_object *expected, struct json_object *inspect, struct err *err)
{
	for (const struct verify_field *field = fields; field < fields + count; field++) {
		struct json_object *asked = json_at(expected, field->path);
		struct json_object *got = json_at(inspect, field->path);
		if ((plan->policy->unenforced & field->waivers) || field->same(asked, got))
			continue;
		if (json_object_is_type(asked, json_type_object))
			return refuse_member(field, plan, asked, got, err);
		return verify_refuse(plan, field->path, json_text(asked), json_text(got),
				     field->remedy, err);
	}
	return 0;
}

int verify_unset(const char *const *paths, size_t count, const struct plan *plan,
		 struct json_object *inspect, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct json_object *got = json_at(inspect, paths[i]);
		if (!json_is_empty(got))
			return verify_refuse(plan, paths[i], "nothing", json_text(got),
					     REMEDY_TAMPERED, err);
	}
	return 0;
}

const char *const masked_paths[] = {
	"/proc/acpi",	     "/proc/kcore", "/proc/keys",    "/proc/timer_list",
	"/proc/sched_debug", "/proc/scsi",  "/sys/firmware", NULL,
};

const char *const read_only_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

static bool has_text(struct json_object *array, const char *text)
{
	size_t count =
		json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;

	for (size_t i = 0; i < count; i++) {
		const char *other = json_string(json_object_array_get_idx(array, i));
		if (other && strcmp(other, text) == 0)
			return true;
	}
	return false;
}

int verify_covers(const struct plan *plan, const char *path, const char *const *texts,
		  struct json_object *inspect, struct err *err)
{
	struct json_object *got = json_at(inspect, path);
	int r = 0;

	for (; r == 0 && *texts; texts++)
		if (!has_text(got, *texts))
			r = verify_refuse(plan, path, *texts, "nothing", REMEDY_TAMPERED, err);
	return r;
}

/* Podman leaves out what kind of digest it is. */
static const char *plain_id(const char *id)
{
	static const char prefix[] = "sha256:";

	return text_starts_with(id, prefix) ? id + strlen(prefix) : id;
}

int verify_identity(const struct plan *plan, struct json_object *inspect, struct err *err)
{
	const char *name = json_get_string(inspect, "Name");
	const char *image = json_get_string(inspect, "Image");

	if (!name || strcmp(name + strspn(name, "/"), plan->name) != 0)
		return verify_refuse(plan, "Name", plan->name, name ? name : "none",
				     REMEDY_TAMPERED, err);
	if (!image || strcmp(plain_id(image), plain_id(plan->image_id)) != 0)
		return verify_refuse(plan, "Image", plan->image_id, image ? image : "none",
				     "the image's name was given to another image meanwhile: the "
				     "next attempt uses that one",
				     err);
	return 0;
}

int verify_runtime(const struct plan *plan, const char *path, const char *usual,
		   struct json_object *inspect, struct err *err)
{
	const char *asked = plan->policy->runtime ? plan->policy->runtime : usual;
	const char *got = json_string(json_at(inspect, path));

	if (!asked || !*asked || (got && strcmp(got, asked) == 0))
		return 0;
	return verify_refuse(plan, path, asked, got ? got : "nothing",
			     plan->policy->runtime ? "install the runtime on the engine's host and "
						     "name it in the engine's configuration"
						   : REMEDY_TAMPERED,
			     err);
}
