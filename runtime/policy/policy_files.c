/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files a policy is read from. `extends: NAME` makes a chain: each file is laid over the one
 * that it names, and the whole is read as if it stood in one file.
 */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "policy/host_path.h"
#include "policy/merged.h"
#include "policy/policy_read.h"
#include "policy/seccomp.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

/* Where policies are named in an error message, no more than these. */
#define NAMED_MAX 32

/* More than anybody can keep in mind. */
#define CHAIN_MAX 8

struct link {
	char *name;
	char digest[65]; /* of the file */
	struct yaml_tree *tree;
};

/* From the policy that was asked for to the one that extends nothing. */
struct chain {
	struct link links[CHAIN_MAX];
	size_t count;
};

static void chain_done(struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++) {
		free(chain->links[i].name);
		yaml_tree_free(chain->links[i].tree);
	}
}

/* --- finding ------------------------------------------------------------------------------------
 */

/* Adds the names of a directory's policies to a list of at most NAMED_MAX. */
static void list_policies(const char *directory, char *names[NAMED_MAX], size_t *count)
{
	static const char suffix[] = ".yaml";
	DIR *entries = opendir(directory);
	const struct dirent *entry;

	if (!entries)
		return;
	/* One thread reads this directory stream. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (*count < NAMED_MAX && (entry = readdir(entries))) {
		size_t len = strlen(entry->d_name);
		if (len > strlen(suffix) &&
		    strcmp(entry->d_name + len - strlen(suffix), suffix) == 0)
			names[(*count)++] = xstrndup(entry->d_name, len - strlen(suffix));
	}
	(void)closedir(entries);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_word(struct buf *words, const char *word)
{
	/* A list that is too long for one message is cut. */
	(void)!buf_addf(words, "%s%s", words->len > 0 ? ", " : "", word);
}

/* Where the policy was looked for, and which ones there are; a text of the caller's. */
static char *describe_missing(const char *name, const char *const *directories)
{
	_cleanup_(buf_done) struct buf searched, known;
	char *names[NAMED_MAX] = {NULL}, *text;
	size_t count = 0;

	buf_init(&searched, BUF_MAX_LOG_LINE);
	buf_init(&known, BUF_MAX_LOG_LINE);
	for (const char *const *directory = directories; *directory; directory++) {
		add_word(&searched, *directory);
		list_policies(*directory, names, &count);
	}
	qsort(names, count, sizeof(names[0]), compare_names);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(names[i - 1], names[i]) != 0)
			add_word(&known, names[i]);
	const char *meant = text_nearest(name, (const char *const *)names, count);
	if (searched.len == 0)
		text = xstrdup("not found: there is no directory of policies; install berth's, "
			       "or say --policy-dir DIRECTORY, or policy_dir: in a fleet file");
	else
		text = xasprintf("not found in %s%s%s%s (there: %s)", searched.data,
				 meant ? ": did you mean '" : "", meant ? meant : "",
				 meant ? "'?" : "", known.len > 0 ? known.data : "none");
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	return text;
}

/* Adds the file of a policy to the chain. -ENOENT, without a problem, if no directory has it. */
static int add_link(struct chain *chain, const char *name, const char *const *directories,
		    struct problems *problems)
{
	struct link *link = &chain->links[chain->count];

	for (const char *const *directory = directories; *directory && text_is_id(name);
	     directory++) {
		_cleanup_free_ char *file = xasprintf("%s/%s.yaml", *directory, name);
		_cleanup_(buf_done) struct buf text;
		struct err err;

		buf_init(&text, BUF_MAX_CONFIG_FILE);
		int r = file_read_trusted(file, &text, &err);
		if (r == -ENOENT)
			continue;
		if (r < 0) {
			problems_add(problems, file, 0, 0, "%s", err.text);
			return r;
		}
		r = yaml_tree_parse(file, text.data, text.len, problems, &link->tree);
		if (r < 0)
			return r;
		text_sha256(link->digest, text.data, text.len);
		link->name = xstrdup(name);
		chain->count++;
		return 0;
	}
	return -ENOENT;
}

/* --- extending ----------------------------------------------------------------------------------
 */

/* "a -> b -> a"; a text of the caller's. */
static char *describe_cycle(const struct chain *chain, size_t first)
{
	struct buf text;

	buf_init(&text, BUF_MAX_LOG_LINE);
	for (size_t i = first; i < chain->count; i++)
		(void)!buf_addf(&text, "%s -> ", chain->links[i].name);
	(void)!buf_adds(&text, chain->links[first].name);
	return buf_take(&text);
}

/* The `extends` of the chain's last file; NULL if it has none. One that is no text is left to
 * option_read(). */
static const struct yaml_node *extends_of(const struct chain *chain)
{
	const struct yaml_node *root = yaml_tree_root(chain->links[chain->count - 1].tree);
	const struct yaml_node *node = yaml_get(root, "extends");

	return node && node->kind == YAML_SCALAR && !yaml_is_null(node) ? node : NULL;
}

/* What is below disappears in what is laid over it, so that option_read() would not see this. */
static int check_root(const struct chain *chain, struct problems *problems)
{
	const struct yaml_node *root = yaml_tree_root(chain->links[chain->count - 1].tree);

	if (root->kind == YAML_MAP || yaml_is_null(root))
		return 0;
	problems_at(problems, root, "a section of KEY: value is expected here");
	return -EINVAL;
}

static int extend(struct chain *chain, const struct yaml_node *node, const char *const *directories,
		  struct problems *problems)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (strcmp(chain->links[i].name, node->text) != 0)
			continue;
		_cleanup_free_ char *cycle = describe_cycle(chain, i);
		problems_at(problems, node, "extends: a policy cannot extend itself: %s", cycle);
		return -EINVAL;
	}
	if (chain->count == CHAIN_MAX) {
		problems_at(problems, node, "extends: there are %d policies in this chain already",
			    CHAIN_MAX);
		return -EINVAL;
	}
	int r = add_link(chain, node->text, directories, problems);
	if (r == 0)
		return check_root(chain, problems);
	if (r != -ENOENT)
		return r;
	_cleanup_free_ char *why = describe_missing(node->text, directories);
	problems_at(problems, node, "extends: policy '%s' %s", node->text, why);
	return -EINVAL;
}

/* `key:` with nothing behind it looks like one that says nothing, and would be the default: often
 * less than what is below. Who means that says `null`. */
static void check_said(const struct yaml_pair *pair, const struct yaml_node *below,
		       struct problems *problems)
{
	bool is_empty = yaml_is_null(pair->value) && pair->value->text[0] == '\0';

	if (is_empty && !yaml_is_null(below))
		problems_at(problems, pair->key,
			    "%s: is empty: leave it out to keep what is said below it, or say "
			    "`null` for the default",
			    pair->key->text);
}

/* What `own` says, and of `below` what it does not say. A section is laid over key by key; every
 * other value, lists too, replaces the one below it. */
static struct yaml_node *lay_over(struct merged_tree *tree, const struct option *rows,
				  const struct yaml_node *own, const struct yaml_node *below,
				  struct problems *problems)
{
	struct yaml_node *merged = merged_tree_union(tree, own, below);

	for (size_t i = 0; i < merged->count; i++) {
		struct yaml_pair *pair = &merged->pairs[i];
		const struct option *row = option_find(rows, pair->key->text);
		const struct yaml_node *other = yaml_get(below, pair->key->text);
		if (!other || pair->value == other)
			continue;
		check_said(pair, other, problems);
		if (row && row->type == OPTION_SECTION && pair->value->kind == YAML_MAP)
			pair->value = lay_over(tree, row->rows, pair->value, other, problems);
	}
	return merged;
}

static const struct yaml_node *merge(const struct chain *chain, struct merged_tree *tree,
				     struct problems *problems)
{
	const struct yaml_node *root = yaml_tree_root(chain->links[chain->count - 1].tree);

	for (size_t i = chain->count - 1; i-- > 0;)
		root = lay_over(tree, policy_options, yaml_tree_root(chain->links[i].tree), root,
				problems);
	return root;
}

/* The profile of the merged policy, beside the file that names it. */
static int load_seccomp(struct policy *policy, const struct yaml_node *root,
			struct problems *problems)
{
	const struct yaml_node *node = yaml_get(root, "seccomp");
	struct err err;

	if (!node || yaml_is_null(node) || seccomp_load(policy, node->file, &err) == 0)
		return 0;
	problems_at(problems, node, "seccomp: %s", err.text);
	return -EINVAL;
}

/* The directories that mounts may come from, as they are on this machine now. */
static int check_mount_roots(const struct policy *policy, const struct yaml_node *root,
			     struct problems *problems)
{
	const struct yaml_node *list = yaml_get(yaml_get(root, "mounts"), "roots");
	struct err err;
	int r = 0;

	for (size_t i = 0; policy->mount_roots && policy->mount_roots[i]; i++) {
		if (host_path_check_root(policy->mount_roots[i], &err) == 0)
			continue;
		problems_at(problems, list->items[i], "roots: %s", err.text);
		r = -EINVAL;
	}
	return r;
}

/* Of one file its own; of several, of all of them in their order, the seccomp profile last. */
static void set_digest(struct policy *policy, const struct chain *chain)
{
	_cleanup_(buf_done) struct buf all;
	char profile[65];

	buf_init(&all, sizeof(profile) * (CHAIN_MAX + 1));
	for (size_t i = 0; i < chain->count; i++)
		(void)!buf_adds(&all, chain->links[i].digest);
	if (policy->seccomp_profile) {
		text_sha256(profile, policy->seccomp_profile, strlen(policy->seccomp_profile));
		(void)!buf_adds(&all, profile);
	}
	if (chain->count == 1 && !policy->seccomp_profile)
		memcpy(policy->digest, all.data, sizeof(policy->digest));
	else
		text_sha256(policy->digest, all.data, all.len);
}

int policy_load(const char *name, const char *const *directories, struct problems *problems,
		struct policy **ret)
{
	_cleanup_(merged_tree_freep) struct merged_tree *tree = merged_tree_new();
	_cleanup_(chain_done) struct chain chain = {.count = 0};
	_cleanup_(policy_freep) struct policy *policy = NULL;
	const struct yaml_node *node, *root;

	int r = add_link(&chain, name, directories, problems);
	if (r == -ENOENT) {
		_cleanup_free_ char *who = xasprintf("policy '%s'", name);
		_cleanup_free_ char *why = describe_missing(name, directories);
		problems_add(problems, who, 0, 0, "%s", why);
	}
	while (r == 0 && (node = extends_of(&chain)))
		r = extend(&chain, node, directories, problems);
	if (r < 0)
		return r;
	unsigned before = problems->count;
	root = merge(&chain, tree, problems);
	r = policy_read(name, root, problems, &policy);
	if (problems->count > before)
		r = -EINVAL;
	if (r == 0)
		r = load_seccomp(policy, root, problems);
	if (r == 0)
		r = check_mount_roots(policy, root, problems);
	if (r < 0)
		return r;
	set_digest(policy, &chain);
	*ret = TAKE(policy);
	return 0;
}
