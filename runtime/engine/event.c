/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/event.h"

#include "base/cleanup.h"
#include "engine/container.h"

#include <errno.h>
#include <string.h>

static const struct json_wanted actor_wanted[] = {{"ID", NULL}, {NULL, NULL}};
static const struct json_wanted event_wanted[] = {
	{"Type", NULL},
	{"Action", NULL},
	{"Actor", actor_wanted},
	{NULL, NULL},
};

int event_parse(const struct dialect *dialect, const char *line, size_t len,
		struct engine_event *ret)
{
	_cleanup_(json_putp) struct json_object *event = NULL;

	int r = json_parse_wanted(line, len, event_wanted, &event);
	if (r < 0)
		return r;
	const char *type = json_get_string(event, "Type");
	const char *action = json_get_string(event, "Action");
	const char *id = json_get_string(json_get_object(event, "Actor"), "ID");
	if (!type || !action || !id)
		return -EBADMSG;
	const char *known = dialect->event_action(action);
	if (strcmp(type, "container") != 0 || !known)
		return 0;
	if (!container_id_is_valid(id))
		return -EBADMSG;
	memcpy(ret->container_id, id, sizeof(ret->container_id));
	ret->action = known;
	return 1;
}
