#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine says of a container, compared with what the plan asks for: the means that the
 * dialects' own verifications share. Pure.
 */
#include "base/err.h"
#include "base/json.h"
#include "plan/plan.h"

#include <stdbool.h>

/* True for nothing at all: absent, null, false, 0, "", [] or {}. Docker leaves such fields out, or
 * writes them in one of these ways, by version. */
bool json_is_empty(struct json_object *value);

/* Equal, or both empty. */
bool json_same(struct json_object *asked, struct json_object *got);

/* Two arrays with the same members in any order, or both empty. */
bool json_same_set(struct json_object *asked, struct json_object *got);

/* Every member of the one array is in the other, which has no second one of the same "Name". */
bool json_same_limits(struct json_object *asked, struct json_object *got);

/* Every member of the one array is in the other. */
bool json_contains(struct json_object *asked, struct json_object *got);

/* For a message, "nothing" if there is none; valid while `value` lives and is not printed again. */
const char *json_text(struct json_object *value);

#define REMEDY_ENGINE	"this engine cannot keep the policy: use another one"
#define REMEDY_TAMPERED "something between berth and the engine changed the request: remove it"
#define REMEDY_WAIVER(what)                                                                        \
	"give the engine the means (cgroup controllers, see its `info`), or list '" what           \
	"' under `unenforced` of the policy"

/* A field of an inspected container that must be as expected. */
struct verify_field {
	const char *path; /* "A.B.C" */
	bool (*same)(struct json_object *expected, struct json_object *got);
	unsigned waivers; /* bits of enum policy_waiver: any of them lets it pass */
	const char *remedy;
};

/* The value at "A.B.C", or NULL. */
struct json_object *json_at(struct json_object *object, const char *path);

/* The functions below return 0, or ERR_REFUSED (-EPERM) for the first thing that differs. */

/* `expected` has the shape of `inspect`. */
int verify_fields(const struct verify_field *fields, size_t count, const struct plan *plan,
		  struct json_object *expected, struct json_object *inspect, struct err *err);

/* Fields that berth never asks for, and that would undo what it does: must be unset. */
int verify_unset(const char *const *paths, size_t count, const struct plan *plan,
		 struct json_object *inspect, struct err *err);

/* Its name, and the image that it was made of. */
int verify_identity(const struct plan *plan, struct json_object *inspect, struct err *err);

/* What every engine hides from its containers, and what it makes read-only, of /proc and /sys:
 * the part that all versions have in common (Docker 20.10, Podman 4.3). End with NULL. */
extern const char *const masked_paths[], *const read_only_paths[];

/* The array of texts at `path` has all of `texts`: an engine fills it in by itself. */
int verify_covers(const struct plan *plan, const char *path, const char *const *texts,
		  struct json_object *inspect, struct err *err);

/* Variables, labels, what is mounted, what AppArmor and SELinux are told. Values of variables are
 * compared and never printed. `own` ends with NULL: the variables that this kind of engine sets by
 * itself, unless plan or image do. */
int verify_contents(const struct plan *plan, const char *const *own, struct json_object *inspect,
		    struct err *err);

/* No mount gives the session the engine's own directory: images, and what every other container has
 * written. `data_root`: NULL if it is not known. */
int verify_sources(const struct plan *plan, const char *data_root, struct err *err);

/* The runtime at `path` is the policy's, or else `usual`, the engine's own choice by its own word;
 * NULL: it did not say. */
int verify_runtime(const struct plan *plan, const char *path, const char *usual,
		   struct json_object *inspect, struct err *err);

/* "FIELD: asked for A, the engine made it B; REMEDY". Returns -EPERM. `field` and `got` may be the
 * engine's words: they are cleaned as message_clean() does it. */
int verify_refuse(const struct plan *plan, const char *field, const char *asked, const char *got,
		  const char *remedy, struct err *err);
