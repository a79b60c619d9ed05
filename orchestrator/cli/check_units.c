/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_units.h"

#include "base/cleanup.h"
#include "config/unit_check.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void compare(const struct unit *unit, bool is_named, struct fleet *fleet,
		    struct json_object *report)
{
	struct json_object *object = json_new_object(), *files = json_new_array();
	bool is_ours = is_named || unit_serves(unit, fleet);

	if (is_ours)
		unit_check(unit, fleet, &fleet->warnings);
	for (size_t i = 0; i < unit->file_count; i++)
		json_append_string(files, unit->files[i]);
	json_add(object, "files", files);
	json_add_bool(object, "compared", is_ours);
	json_append(report, object);
}

static char *config_home(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (xdg && xdg[0] == '/')
		return xstrdup(xdg);
	return home ? xasprintf("%s/.config", home) : NULL;
}

/* One that cannot be read is no concern of a configuration: nobody named it. */
static void check_installed(struct fleet *fleet, struct json_object *report)
{
	_cleanup_free_ char *home = config_home();
	struct unit *unit = NULL;
	struct err err;

	if (unit_read_installed("", geteuid(), home, &unit, &err) < 0)
		problems_add(&fleet->warnings, "berth.service", 0, 0, "%s", err.text);
	else if (unit)
		compare(unit, /* is_named= */ false, fleet, report);
	(void)unit_free(unit);
}

int check_units(const struct flag_list *units, struct fleet *fleet, struct problems *problems,
		struct json_object *report)
{
	unsigned before = problems->count;

	if (units->count == 0)
		check_installed(fleet, report);
	for (size_t i = 0; i < units->count; i++) {
		struct unit *unit = NULL;
		struct err err;
		if (unit_read(units->values[i], &unit, &err) < 0)
			problems_add(problems, units->values[i], 0, 0, "%s", err.text);
		else
			compare(unit, /* is_named= */ true, fleet, report);
		(void)unit_free(unit);
	}
	return problems->count > before ? -EINVAL : 0;
}

void check_units_print(const struct json_object *report)
{
	for (size_t i = 0; i < json_object_array_length(report); i++) {
		struct json_object *object = json_object_array_get_idx(report, i);
		struct json_object *files = json_get_array(object, "files");
		bool was_compared = json_get_bool(object, "compared", false);
		printf("unit %s", json_object_get_string(json_object_array_get_idx(files, 0)));
		if (json_object_array_length(files) > 1)
			printf(" (drop-ins: %zu)", json_object_array_length(files) - 1);
		printf("%s\n", was_compared ? "" : ": serves another file, not compared");
	}
}
