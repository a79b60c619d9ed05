#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One YAML document as a tree that knows where each of its nodes was written. Anchors and aliases
 * work: an alias is the very node it names, so a tree can even contain itself; whoever walks it
 * stops at the depth of what it expects. Duplicate keys, keys that are no text, further documents
 * and tags that would change a type are problems of the file.
 */
#include "policy/problem.h"

#include <stdbool.h>
#include <stddef.h>

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_pair;

struct yaml_node {
	enum yaml_kind kind;
	const char *file;	  /* as yaml_tree_parse() was told it; the document's */
	unsigned line, column;	  /* from 1 */
	const char *text;	  /* of a scalar, UTF-8; NULL otherwise */
	bool quoted;		  /* a scalar in quotes, or a block: text whatever it looks like */
	size_t count;		  /* of items or pairs */
	struct yaml_node **items; /* of a list */
	struct yaml_pair *pairs;  /* of a map, in the order of the file */
};

struct yaml_pair {
	struct yaml_node *key; /* a scalar */
	struct yaml_node *value;
};

/* A document; owns its nodes. (libyaml itself exports the shorter names, such as yaml_free.) */
struct yaml_tree;

/* Parses `text`; `file` is for messages. Every problem goes to `problems`; -EINVAL if there is any,
 * then *ret is untouched. A file with nothing in it is a problem too. */
int yaml_tree_parse(const char *file, const char *text, size_t len, struct problems *problems,
		    struct yaml_tree **ret);

/* NULL is fine; returns NULL. */
struct yaml_tree *yaml_tree_free(struct yaml_tree *yaml);
void yaml_tree_freep(struct yaml_tree **yaml);

/* The node everything hangs from; valid while the document lives. */
const struct yaml_node *yaml_tree_root(const struct yaml_tree *yaml);

/* The value of `key` in a map; NULL if there is none, or if `node` is NULL or no map. */
const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key);

/* Adds a problem at the place where `node` was written. */
void problems_at(struct problems *problems, const struct yaml_node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* True for a scalar without quotes that says null, ~ or nothing: "not set". */
bool yaml_is_null(const struct yaml_node *node);
