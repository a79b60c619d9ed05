/* SPDX-License-Identifier: Apache-2.0 */
#include "config/include.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "config/rows.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <string.h>

/* Its environments; NULL with what is wrong among the problems. They themselves are read later. */
static const struct yaml_node *find_environments(struct loader *loader,
						 const struct yaml_node *root)
{
	const struct yaml_node *list = yaml_get(root, "environments");

	for (size_t i = 0; root->kind == YAML_MAP && i < root->count; i++) {
		if (root->pairs[i].value == list)
			continue;
		problems_at(loader->problems, root->pairs[i].key,
			    "'%s' does not belong here: an included file holds environments: and "
			    "nothing else",
			    root->pairs[i].key->text);
	}
	loader->has_lost_environments |= !list;
	if (list && list->kind == YAML_LIST)
		return list;
	problems_at(loader->problems, list ? list : root,
		    "an included file holds environments: and a list of them");
	return NULL;
}

static void add_items(struct yaml_node *list, const struct yaml_node *items)
{
	for (size_t i = 0; items && items->kind == YAML_LIST && i < items->count; i++)
		list->items[list->count++] = items->items[i];
}

/* Reads a file that is included at `node`. */
static void read_file(struct loader *loader, const struct yaml_node *node, const char *file,
		      struct included *included)
{
	_cleanup_(buf_done) struct buf text;
	struct yaml_tree *tree = NULL;
	struct err err;

	buf_init(&text, BUF_MAX_CONFIG_FILE);
	if (file_read(file, &text, &err) < 0) {
		problems_at(loader->problems, node, "include: %s", err.text);
		loader->has_lost_environments = true;
	} else if (yaml_tree_parse(file, text.data, text.len, loader->problems, &tree) < 0) {
		loader->has_lost_environments = true;
	} else {
		included->trees = xreallocarray(included->trees, included->count + 1,
						sizeof(struct yaml_tree *));
		included->trees[included->count++] = tree;
	}
}

/* The folder that is searched: what is before the first part of the path that has a wildcard. */
static char *folder_of_pattern(const char *pattern)
{
	_cleanup_free_ char *plain = xstrndup(pattern, strcspn(pattern, "*?["));
	const char *slash = strrchr(plain, '/');

	return slash ? xstrndup(plain, (size_t)(slash - plain) + 1) : xstrdup(".");
}

/* A pattern that nothing matches is fine while the folder waits for files, and nothing else. */
static void report_no_match(struct loader *loader, const struct yaml_node *node,
			    const char *pattern)
{
	_cleanup_free_ char *folder = folder_of_pattern(pattern);
	DIR *entries = opendir(folder);

	if (entries) {
		(void)closedir(entries);
		warn(loader, node, NULL, "include: no file matches '%s': nothing is included",
		     pattern);
	} else {
		problems_at(loader->problems, node, "include: cannot search '%s': %m", folder);
		loader->has_lost_environments = true;
	}
}

/* Reads every file of the pattern that is written at `node`. */
static void read_files(struct loader *loader, const struct yaml_node *node, const char *pattern,
		       struct included *included)
{
	glob_t found = {0};

	/* GLOB_NOMAGIC: a name without wildcards stands for itself, there or not. */
	int r = glob(pattern, GLOB_NOMAGIC, NULL, &found);
	for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
		read_file(loader, node, found.gl_pathv[i], included);
	if (r == GLOB_NOMATCH) {
		report_no_match(loader, node, pattern);
	} else if (r != 0) {
		problems_at(loader->problems, node, "include: cannot search for '%s': %m", pattern);
		loader->has_lost_environments = true;
	}
	globfree(&found);
}

const struct yaml_node *include_merge(struct loader *loader, struct merged_tree *tree,
				      const struct yaml_node *root, struct included *included)
{
	const struct yaml_node *node = yaml_get(root, "include"),
			       *own = yaml_get(root, "environments");
	size_t room = own && own->kind == YAML_LIST ? own->count : 0;

	/* Another kind of node is a problem that its row names. */
	if (!node || node->kind != YAML_SCALAR || yaml_is_null(node) ||
	    (own && own->kind != YAML_LIST && !yaml_is_null(own)))
		return root;
	_cleanup_free_ char *pattern = config_beside(node, node->text);
	read_files(loader, node, pattern, included);
	const struct yaml_node **lists = xcalloc(included->count + 1, sizeof(struct yaml_node *));
	for (size_t i = 0; i < included->count; i++) {
		lists[i] = find_environments(loader, yaml_tree_root(included->trees[i]));
		room += lists[i] ? lists[i]->count : 0;
	}
	struct yaml_node *all = merged_tree_make(tree, YAML_LIST, own ? own : node, room);
	add_items(all, own);
	for (size_t i = 0; i < included->count; i++)
		add_items(all, lists[i]);
	free(lists);
	return merged_tree_with(tree, root, "environments", all);
}

void included_done(struct included *included)
{
	for (size_t i = 0; i < included->count; i++)
		(void)yaml_tree_free(included->trees[i]);
	free(included->trees);
	*included = (struct included){0};
}
