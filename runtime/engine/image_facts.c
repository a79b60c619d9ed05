/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/image_facts.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>

/* An array of strings as a NULL-ended list; NULL for null, an absent or an empty one. */
static int parse_list(struct json_object *config, const char *key, char ***ret)
{
	struct json_object *array = json_get(config, key);

	if (!array)
		return 0;
	if (!json_object_is_type(array, json_type_array))
		return -EBADMSG;
	size_t count = json_object_array_length(array);
	if (count == 0)
		return 0;
	*ret = xcalloc(count + 1, sizeof(**ret));
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string(json_object_array_get_idx(array, i));
		if (!text)
			return -EBADMSG;
		(*ret)[i] = xstrdup(text);
	}
	return 0;
}

/* {"/path": {}, ...} */
static int parse_volumes(struct json_object *config, char ***ret)
{
	struct json_object *volumes = json_get(config, "Volumes");
	size_t used = 0;

	if (!volumes)
		return 0;
	if (!json_object_is_type(volumes, json_type_object))
		return -EBADMSG;
	size_t count = (size_t)json_object_object_length(volumes);
	if (count == 0)
		return 0;
	*ret = xcalloc(count + 1, sizeof(**ret));
	json_object_object_foreach (volumes, path, ignored) {
		(void)ignored;
		(*ret)[used++] = xstrdup(path);
	}
	return 0;
}

int image_facts_parse(struct json_object *reply, struct image_facts *ret)
{
	struct image_facts facts = {0};
	struct json_object *config = json_get_object(reply, "Config");
	const char *id = json_get_string(reply, "Id");

	if (!id || !text_starts_with(id, "sha256:"))
		return -EBADMSG;
	facts.id = xstrdup(id);
	if (parse_volumes(config, &facts.volumes) < 0 ||
	    parse_list(config, "Env", &facts.environment) < 0 ||
	    parse_list(config, "Entrypoint", &facts.entrypoint) < 0 ||
	    parse_list(config, "Cmd", &facts.command) < 0) {
		image_facts_done(&facts);
		return -EBADMSG;
	}
	*ret = facts;
	return 0;
}
