/* SPDX-License-Identifier: Apache-2.0 */
/* Where things are: paths of the file, and what is looked for when nobody said. */
#include "base/cleanup.h"
#include "base/text.h"
#include "config/discover.h"
#include "config/loader.h"
#include "config/values.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define INSTALLED_POLICIES BERTH_DATADIR "/berth/policies"

/* The folder of a file, as a prefix for names in it: "/etc/berth/", or "" for the current one. */
static char *folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return xstrndup(file, slash ? (size_t)(slash - file) + 1 : 0);
}

char *config_beside(const struct yaml_node *node, const char *path)
{
	_cleanup_free_ char *folder = folder_of(node->file);

	return path[0] == '/' ? xstrdup(path) : xasprintf("%s%s", folder, path);
}

/* `path` is what was written at `node`, if anything was. */
static void resolve(char **path, const struct yaml_node *node)
{
	if (!*path || !node)
		return;
	char *resolved = config_beside(node, *path);
	free(*path);
	*path = resolved;
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

void places_from_file(struct loader *loader)
{
	struct fleet *fleet = loader->fleet;

	if (!fleet->file)
		return;
	_cleanup_free_ char *folder = folder_of(fleet->file);
	_cleanup_free_ char *policies = xasprintf("%spolicies", folder);
	resolve(&fleet->state_dir, yaml_get(loader->root, "state_dir"));
	resolve(&fleet->policy_dir, yaml_get(loader->root, "policy_dir"));
	resolve(&fleet->ca_file, yaml_get(loader->root, "ca_file"));
	for (size_t i = 0; i < fleet->engine_count; i++)
		resolve(&fleet->engines[i].registry_config,
			yaml_get(engine_node(loader, i), "registry_config"));
	for (size_t i = 0; i < fleet->environment_count; i++)
		resolve(&fleet->environments[i].key.file,
			yaml_get(yaml_get(loader->origins[i].node, "key"), "file"));
	if (!fleet->policy_dir && is_directory(policies))
		fleet->policy_dir = TAKE(policies);
}

static char *default_state_dir(void)
{
	const char *systemd = variable("STATE_DIRECTORY");
	const char *xdg = variable("XDG_STATE_HOME");
	const char *home = variable("HOME");

	/* A unit with several state directories lists them with colons (systemd.exec(5)). */
	if (systemd)
		return xstrndup(systemd, strcspn(systemd, ":"));
	if (geteuid() == 0)
		return xstrdup("/var/lib/berth");
	if (xdg)
		return xasprintf("%s/berth", xdg);
	return home ? xasprintf("%s/.local/state/berth", home) : NULL;
}

/* A directory of policies at `relative` from the folder this program is in; NULL if there is none.
 */
static char *policies_beside_program(const char *relative)
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (length <= 0)
		return NULL;
	program[length] = '\0';
	_cleanup_free_ char *folder = folder_of(program);
	_cleanup_free_ char *path = xasprintf("%s%s", folder, relative);
	return is_directory(path) ? realpath(path, NULL) : NULL;
}

/*
 * DOCKER_HOST and CONTAINER_HOST speak to other programs too, so the file's own word comes before
 * them; BERTH_ENGINE is for berth and comes before the file.
 */
static void find_socket(struct loader *loader)
{
	static const char *const general[] = {"DOCKER_HOST", "CONTAINER_HOST"};
	struct fleet *fleet = loader->fleet;
	struct engine_settings *engine = fleet->engines;
	struct err err;

	for (size_t i = 0; i < fleet->engine_count; i++)
		if (fleet->engines[i].socket && !fleet->engines[i].socket_reason)
			fleet->engines[i].socket_reason = xstrdup(fleet->file);
	if (fleet->engine_count > 1)
		return;
	for (size_t i = 0; !engine->socket && i < ARRAY_SIZE(general); i++) {
		const char *value = variable(general[i]);
		if (!value)
			continue;
		if (value_parse_socket(value, &engine->socket, &err) < 0) {
			complain(loader, NULL, general[i], "%s; or say --engine unix:///PATH",
				 err.text);
			return;
		}
		engine->socket_reason = xstrdup(general[i]);
	}
	engine->is_discovered = !engine->socket;
	if (engine->is_discovered)
		engine->socket = discover_socket("", geteuid(), &engine->socket_reason);
}

/*
 * Those that came with this program, wherever that was put; else where it was made to be put; else
 * those of the source tree that it runs from (build/VARIANT/berth).
 */
static char *installed_policies(void)
{
	char *found = policies_beside_program("../share/berth/policies");

	if (!found && is_directory(INSTALLED_POLICIES))
		found = xstrdup(INSTALLED_POLICIES);
	return found ? found : policies_beside_program("../../policies");
}

void places_find(struct loader *loader)
{
	struct fleet *fleet = loader->fleet;

	if (!fleet->state_dir)
		fleet->state_dir = default_state_dir();
	if (!fleet->state_dir)
		complain(loader, NULL, "state_dir",
			 "HOME is not set: say --state-dir DIRECTORY, or state_dir: in the file");
	fleet->installed_policy_dir = installed_policies();
	find_socket(loader);
}
