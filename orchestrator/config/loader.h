#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the steps of fleet_load() share; private to config/. They run in this order, and each adds
 * what it finds wrong to the same list:
 *
 *	read     fleet.c     the file's rows, over their defaults; include.c, defaults.c
 *	file     check.c     what only the file can get wrong: ids given twice, two key sources
 *	describe override.c  an environment that only flags and variables describe
 *	settle   engines.c   one engine or several, from here on a list
 *	places   places.c    paths of the file become relative to its folder
 *	override override.c  flags and environment variables
 *	places   places.c    state directory, policy directory, engine socket where nobody said
 *	engines  engines.c   each environment is bound to one
 *	values   check.c     what must fit together
 *	contents contents.c  policies are read, keys and containers are looked at
 */
#include "config/fleet.h"
#include "policy/yaml.h"

/* Where an environment's values were said. */
struct origin {
	const struct yaml_node *node; /* NULL: in no file */
	const char *key;	      /* flag or variable that says where the key is; NULL: node */
	const char *policy;	      /* flag that named the policy; NULL: node */
};

struct loader {
	const struct fleet_flags *flags;
	struct fleet *fleet;
	struct problems *problems;
	const struct yaml_node *root; /* of the file, defaults merged; NULL without a file */
	struct origin *origins;	      /* one per environment */
	bool has_lost_environments;   /* an included file could not be read */
	const char *base_url_origin;  /* variable that said it; NULL: the file, or nobody */
};

/* Adds a problem: with `node` at its place in the file, else `otherwise` says where. */
void complain(struct loader *loader, const struct yaml_node *node, const char *otherwise,
	      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for what can be served but should not stay: a warning. Says what to do about it. */
void warn(struct loader *loader, const struct yaml_node *node, const char *otherwise,
	  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The value of an environment variable; NULL if it is not set or empty. */
const char *variable(const char *name);

/* True if the file's environments are unusable as a whole, which has been reported. */
bool environments_are_unusable(const struct loader *loader);

/* `path`, which was written at `node`, seen from the folder of that file. The caller's. */
char *config_beside(const struct yaml_node *node, const char *path);

void check_file(struct loader *loader);
void override_describe(struct loader *loader);
/* The section of the i-th engine; NULL: it has none. */
const struct yaml_node *engine_node(const struct loader *loader, size_t i);
void engines_settle(struct loader *loader);
void engines_check(struct loader *loader);
void places_from_file(struct loader *loader);
void override_apply(struct loader *loader);
void places_find(struct loader *loader);
void check_values(struct loader *loader);
void contents_load(struct loader *loader);
