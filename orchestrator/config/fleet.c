/* SPDX-License-Identifier: Apache-2.0 */
#include "config/fleet.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "config/defaults.h"
#include "config/include.h"
#include "config/loader.h"
#include "config/rows.h"

#include <errno.h>
#include <stdio.h>

struct fleet *fleet_ref(struct fleet *fleet)
{
	fleet->references++;
	return fleet;
}

struct fleet *fleet_free(struct fleet *fleet)
{
	if (!fleet || --fleet->references > 0)
		return NULL;
	for (size_t i = 0; i < fleet->environment_count; i++)
		policy_free(fleet->environments[i].policy);
	for (size_t i = 0; i < fleet->engine_count; i++)
		free(fleet->engines[i].socket_reason);
	option_free(fleet_rows, fleet);
	problems_done(&fleet->warnings);
	free(fleet->installed_policy_dir);
	free(fleet->worker_id);
	free(fleet->file);
	free(fleet);
	return NULL;
}

int fleet_read_policy(const struct fleet *fleet, const char *name, struct problems *problems,
		      struct policy **ret)
{
	const char *directories[3] = {NULL};
	size_t count = 0;

	if (fleet->policy_dir)
		directories[count++] = fleet->policy_dir;
	if (fleet->installed_policy_dir)
		directories[count++] = fleet->installed_policy_dir;
	return policy_load(name, directories, problems, ret);
}

int64_t fleet_longest_grace_ms(const struct fleet *fleet)
{
	int64_t longest = 0;

	for (size_t i = 0; i < fleet->environment_count; i++)
		if (fleet->environments[i].timeouts.stop_grace_ms > longest)
			longest = fleet->environments[i].timeouts.stop_grace_ms;
	return longest;
}

const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value != '\0' ? value : NULL;
}

void complain(struct loader *loader, const struct yaml_node *node, const char *otherwise,
	      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	problems_addv(loader->problems, node ? node->file : otherwise, node ? node->line : 0,
		      node ? node->column : 0, format, arguments);
	va_end(arguments);
}

void warn(struct loader *loader, const struct yaml_node *node, const char *otherwise,
	  const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	problems_addv(&loader->fleet->warnings, node ? node->file : otherwise,
		      node ? node->line : 0, node ? node->column : 0, format, arguments);
	va_end(arguments);
}

bool environments_are_unusable(const struct loader *loader)
{
	const struct yaml_node *list = yaml_get(loader->root, "environments");

	return loader->has_lost_environments ||
	       (list && list->kind != YAML_LIST && !yaml_is_null(list));
}

static void remember_nodes(struct loader *loader)
{
	const struct yaml_node *list = yaml_get(loader->root, "environments");
	size_t count = loader->fleet->environment_count;

	/* One more than needed: flags may describe an environment of their own. */
	loader->origins = xcalloc(count + 1, sizeof(*loader->origins));
	for (size_t i = 0; i < count; i++)
		loader->origins[i].node = list->items[i];
}

/*
 * ANTHROPIC_API_KEY opens the whole organization. Found beside a worker it is a mistake that
 * deserves to be noticed at once.
 */
static void check_organization_key(struct loader *loader)
{
	if (loader->flags->need == FLEET_ALL && variable("ANTHROPIC_API_KEY"))
		complain(loader, NULL, "ANTHROPIC_API_KEY",
			 "is set: an organization's key has no place on a worker host; unset it "
			 "(in a systemd unit: UnsetEnvironment=ANTHROPIC_API_KEY)");
}

/* -EINVAL with the reasons among the problems. */
static int read_tree(const char *file, struct problems *problems, struct yaml_tree **ret)
{
	_cleanup_(buf_done) struct buf text;
	struct err err;

	buf_init(&text, BUF_MAX_CONFIG_FILE);
	if (file_read(file, &text, &err) < 0) {
		problems_add(problems, file, 0, 0, "%s", err.text);
		return -EINVAL;
	}
	return yaml_tree_parse(file, text.data, text.len, problems, ret);
}

static void load(struct loader *loader)
{
	_cleanup_(yaml_tree_freep) struct yaml_tree *tree = NULL;
	_cleanup_(merged_tree_freep) struct merged_tree *merged = merged_tree_new();
	_cleanup_(included_done) struct included included = {0};
	struct fleet *fleet = loader->fleet;
	bool readable = true;

	if (fleet->file && read_tree(fleet->file, loader->problems, &tree) < 0)
		readable = false;
	if (tree) {
		const struct yaml_node *root =
			include_merge(loader, merged, yaml_tree_root(tree), &included);
		loader->root = defaults_merge(merged, root);
	}
	(void)option_read(fleet_rows, loader->root, fleet, loader->problems);
	remember_nodes(loader);
	/* Without a tree there is no telling what is missing. */
	if (!readable)
		return;
	check_file(loader);
	override_describe(loader);
	engines_settle(loader);
	places_from_file(loader);
	override_apply(loader);
	places_find(loader);
	engines_check(loader);
	check_values(loader);
	contents_load(loader);
}

int fleet_load(const struct fleet_flags *flags, struct problems *problems, struct fleet **ret)
{
	const char *file = flags->config ? flags->config : variable("BERTH_CONFIG");
	struct loader loader = {
		.flags = flags,
		.fleet = xcalloc(1, sizeof(struct fleet)),
		.problems = problems,
	};
	unsigned before = problems->count;

	loader.fleet->references = 1;
	loader.fleet->file = xstrdup_or_null(file);
	problems_init(&loader.fleet->warnings);
	check_organization_key(&loader);
	load(&loader);
	free(loader.origins);
	if (problems->count > before) {
		fleet_free(loader.fleet);
		return -EINVAL;
	}
	*ret = loader.fleet;
	return 0;
}
