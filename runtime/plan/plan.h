#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exact container a session gets, worked out before anything is asked of an engine: a work
 * item, a policy, what the operator configured and what the image declares become one `struct
 * plan`, or a refusal. Pure: values in, values out.
 */
#include "base/err.h"
#include "base/name_value.h"
#include "base/secret.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the container finds the operator's private CA. */
#define PLAN_CA_FILE "/run/berth/ca.pem"

/* What the worker in the container is given to identify itself with. */
enum credential_mode {
	CREDENTIAL_AUTO,   /* the item's own token; without a usable secret the environment key */
	CREDENTIAL_SECRET, /* the item's own token, else refused */
	CREDENTIAL_KEY,	   /* the environment key: the documented pass-through */
};

struct plan_mount {
	char *source; /* on the host */
	char *target;
	bool read_only;
};

/* What an image declares that matters to a plan. Borrowed by plan_build(). */
struct image_facts {
	char *id;	    /* "sha256:..." */
	char **volumes;	    /* NULL-ended paths of its VOLUME instructions, or NULL */
	char **environment; /* NULL-ended NAME=value, or NULL */
	char **entrypoint;  /* NULL-ended, or NULL */
	char **command;	    /* NULL-ended, or NULL */
};

/* Everything a plan depends on. All pointers are borrowed for the call. */
struct plan_input {
	const char *instance;
	const char *environment_id;
	const char *session_id;
	const char *work_id;
	int64_t claimed_ms;		      /* when, since the epoch; 0: it was not */
	const struct secret *work_secret;     /* as delivered, NULL if unusable */
	const struct secret *sessions_token;  /* decoded from it, NULL if unusable */
	const struct secret *environment_key; /* only used where the mode asks for it */
	enum credential_mode credential;
	const char *base_url; /* for the container; NULL: not set */
	const char *ca_file;  /* on the host, of a private CA; NULL: none. The container gets it as
				 PLAN_CA_FILE, and NODE_EXTRA_CA_CERTS unless `env` sets that */
	const char *image;    /* reference as configured */
	const struct image_facts *image_facts;
	const struct policy *policy;
	char *const *command; /* NULL-ended; NULL: the image's */
	const struct name_value *env;
	size_t env_count;
	const struct name_value *labels; /* {work_id} and {session_id} are expanded */
	size_t label_count;
	const struct plan_mount *mounts;
	size_t mount_count;
	const char *network; /* the environment's override as written, NULL: the policy's */
	const char *bridge;  /* name of berth's own network on the engine */
	int64_t stop_grace_ms;
};

struct plan_variable {
	char *name;
	struct secret *value; /* every value, secret or not, is wiped with the plan */
	bool is_secret;	      /* one of berth's own; see plan_hides() */
};

struct plan {
	char *name; /* "berth-" and the work id */
	char *image;
	char *image_id; /* what the reference stood for when the plan was made */
	char **command; /* NULL-ended; NULL: the image's */
	/* What the image then runs, and the variables that it sets: NULL-ended, or NULL. */
	char **image_entrypoint, **image_command, **image_environment;
	struct plan_variable *variables;
	size_t variable_count;
	struct name_value *labels;
	size_t label_count;
	struct policy_tmpfs *tmpfs; /* the policy's, and one for each uncovered VOLUME */
	size_t tmpfs_count;
	struct plan_mount *mounts;
	size_t mount_count;
	enum policy_network network_kind;
	char *network; /* the engine's name for it: "none", berth's bridge, the operator's */
	int64_t stop_grace_ms;
	const struct policy *policy; /* borrowed: outlives the plan */
	bool exposes_environment_key;
};

/* ERR_REFUSED with field, reason and remedy: policy, configuration or image forbid this container
 * (-EPERM); or the item itself cannot be run (-EINVAL: ids, no usable secret under `secret`). */
int plan_build(const struct plan_input *input, struct plan **ret, struct err *err);

/* Wipes the secrets. NULL is fine; returns NULL. */
struct plan *plan_free(struct plan *plan);

/* True if `text` repeats a secret of this plan in some encoding (an engine may echo a request). */
bool plan_secret_appears_in(const struct plan *plan, const char *text);

/* What the label berth.policy says of it, NAME@DIGEST cut to twelve digits. The caller's. */
char *plan_policy_label(const struct policy *policy);

/* True if the value is not for printing: berth's own secrets, and what an operator's `env` calls
 * one: a name with KEY, TOKEN, SECRET, PASS, CRED, COOKIE, JWT or BEARER in it, or with a word that
 * ends in AUTH or PWD, in any case. */

/* True if the value is not for printing: berth's own secrets, and what an operator's `env` calls
 * one: a name with KEY, TOKEN, SECRET, PASS, CRED, COOKIE, JWT or BEARER in it, or with a word that
 * ends in AUTH or PWD, in any case. */
bool plan_hides(const struct plan_variable *variable);

/* "berth-<work id>": `into` 160 bytes. The id is one that text_is_id() accepts. */
void plan_container_name(char into[160], const char *work_id);

void image_facts_done(struct image_facts *facts);
