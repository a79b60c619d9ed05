/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine says about its containers: inspect, list, and a create's reply. */
#include "base/text.h"
#include "engine/container.h"
#include "fuzz/fuzz.h"

#include <string.h>

static void check(struct container *container)
{
	must(container_id_is_valid(container->id));
	must(container->name);
	must(container_status_name(container->status));
	if (container_is_ours(container, "default"))
		must(text_is_id(container_label(container, "berth.work")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *json = NULL;
	struct container container = {0}, *list = NULL;
	size_t count = 0;
	char id[65];

	if (json_parse((const char *)data, size, &json) < 0)
		return 0;
	if (container_parse_inspect(json, &container) == 0)
		check(&container);
	container_done(&container);
	if (container_parse_list(json, &list, &count) == 0)
		for (size_t i = 0; i < count; i++)
			check(&list[i]);
	for (size_t i = 0; i < count; i++)
		container_done(&list[i]);
	free(list);
	if (container_parse_created(json, id) == 0)
		must(container_id_is_valid(id));
	char *warnings = container_parse_warnings(json);
	must(!warnings || !strchr(warnings, '\n'));
	free(warnings);
	json_object_put(json);
	return 0;
}
