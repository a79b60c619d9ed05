/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities as Podman reckons them: those of the engine's default, less drops, plus additions.
 */
#include "podman.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

const char *const podman_default_caps[] = {
	"CAP_AUDIT_WRITE", "CAP_CHOWN",	  "CAP_DAC_OVERRIDE",	  "CAP_FOWNER",	    "CAP_FSETID",
	"CAP_KILL",	   "CAP_MKNOD",	  "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",    "CAP_SETFCAP",
	"CAP_SETGID",	   "CAP_SETPCAP", "CAP_SETUID",		  "CAP_SYS_CHROOT", NULL};

char *podman_cap_name(const char *word)
{
	char *name = xasprintf("%s%s", strncasecmp(word, "CAP_", 4) == 0 ? "" : "CAP_", word);

	for (char *p = name; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return name;
}

bool podman_cap_is_known(const char *name)
{
	cap_value_t value;

	return strcmp(name, "CAP_ALL") == 0 || cap_from_name(name, &value) == 0;
}

/* True when the request lists that capability, or all of them. */
static bool names(struct json_object *list, const char *name)
{
	bool found = false;

	for (size_t i = 0; list && !found && i < json_object_array_length(list); i++) {
		char *word =
			podman_cap_name(json_object_get_string(json_object_array_get_idx(list, i)));

		found = strcmp(word, name) == 0 || strcmp(word, "CAP_ALL") == 0;
		free(word);
	}
	return found;
}

bool podman_cap_is_default(const char *name)
{
	for (const char *const *cap = podman_default_caps; *cap; cap++) {
		if (strcmp(*cap, name) == 0)
			return true;
	}
	return false;
}

static bool runs_as_root(const struct container *container)
{
	const char *user = json_text(container->spec, "user", "");
	size_t len = strcspn(user, ":");

	return len == 0 || (len == 1 && *user == '0') ||
	       (len == 4 && strncmp(user, "root", 4) == 0);
}

static struct json_object *caps(const struct container *container, bool with_defaults)
{
	struct json_object *add = json_member(container->spec, "cap_add");
	struct json_object *drop = json_member(container->spec, "cap_drop");
	struct json_object *result = NULL;

	for (cap_value_t value = 0; value < CAP_LAST_CAP + 1; value++) {
		char *known = cap_to_name(value);
		char *name = podman_cap_name(known ? known : "");
		bool has = names(add, name);

		has = has || (with_defaults && podman_cap_is_default(name) && !names(drop, name));
		if (has && !result)
			result = json_object_new_array();
		if (has)
			json_object_array_add(result, json_object_new_string(name));
		free(name);
		cap_free(known);
	}
	return result;
}

struct json_object *podman_bounding_caps(const struct container *container)
{
	return caps(container, true);
}

/* A user other than root starts with what was added, and no more. */
struct json_object *podman_effective_caps(const struct container *container)
{
	return caps(container, runs_as_root(container));
}
