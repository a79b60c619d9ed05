#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole configuration as one constant value: flags over environment variables over the fleet
 * file over defaults. Built by fleet_load(), owned by the daemon or the command.
 */
#include "base/err.h"
#include "base/secret.h"
#include "config/poll_settings.h"
#include "engine/image.h"
#include "plan/admit.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "policy/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a key comes from: exactly one member is set. */
struct key_source {
	char *file;	  /* path */
	char *variable;	  /* name of an environment variable */
	char *credential; /* name below $CREDENTIALS_DIRECTORY */
};

struct timeouts {
	int64_t start_ms;	    /* of the engine's start call */
	int64_t first_heartbeat_ms; /* from the start */
	int64_t session_ms;	    /* wall clock, from the start */
	int64_t stop_grace_ms;	    /* from SIGTERM to SIGKILL */
};

struct environment {
	char *id;
	char *name; /* for logs and ps; the id if none was given */
	struct key_source key;
	int64_t sessions;
	bool exclusive;			      /* nobody else serves its queue */
	int64_t weight;			      /* its share of a full host, against the others' */
	char *engine_name;		      /* as written; NULL: the only one */
	const struct engine_settings *engine; /* one of the fleet's */
	char *image;
	enum pull_policy pull;
	char *policy_name;
	struct policy *policy;
	enum credential_mode credential;
	struct poll_settings poll;
	struct timeouts timeouts;
	char **command; /* NULL-ended; NULL: the image's */
	struct name_value *env;
	size_t env_count;
	struct name_value *labels;
	size_t label_count;
	struct plan_mount *mounts;
	size_t mount_count;
	char *network; /* as written, NULL: the policy's */
};

struct engine_settings {
	char *name;	     /* its key below `engines`; NULL: the only one, without a name */
	char *socket;	     /* path without "unix://"; NULL: none was found */
	bool is_discovered;  /* nobody named it */
	char *socket_reason; /* why this one: "--engine", "DOCKER_HOST", "usual socket"; or none */
	int64_t launches;
	int64_t pull_timeout_ms;
	char *registry_config; /* Docker config.json, NULL: none */
};

struct host_settings {
	int64_t sessions;
	int64_t min_free_disk_bytes, min_free_memory_bytes;
	int64_t requests_per_minute;
};

struct log_settings {
	int64_t size_bytes; /* of each capture; 0: nothing is captured */
	int64_t keep;	    /* captures, at least 1 */
};

enum shutdown_mode { SHUTDOWN_LEAVE, SHUTDOWN_STOP };

struct fleet {
	unsigned references;
	char *file;    /* NULL: none was read */
	char *include; /* as written, NULL: nothing */
	/* What can be served, and will bite some day. */
	struct problems warnings;
	char *instance;
	char *state_dir;
	char *policy_dir;		    /* NULL: only the installed ones */
	char *installed_policy_dir;	    /* NULL: there is none */
	struct engine_settings only_engine; /* `engine:`; empty once it is one of `engines` */
	struct engine_settings *engines;    /* at least one */
	size_t engine_count;
	struct host_settings host;
	struct log_settings logs;
	char *base_url;		/* no trailing slash */
	char *session_base_url; /* what containers are told; NULL: nothing */
	char *ca_file;
	bool allow_http;
	char *worker_id;
	enum shutdown_mode on_shutdown;
	struct environment *environments;
	size_t environment_count;
};

/* How much of the configuration a command needs. */
enum fleet_need {
	FLEET_ALL,	   /* to serve: environments, policies, keys */
	FLEET_NO_KEYS,	   /* to plan: keys may be missing and are not looked at */
	FLEET_ENGINE_ONLY, /* to look at containers: environments may be missing, policies are not
			      read, keys are not looked at */
};

/* What the command line said; NULL where it said nothing. Strings are borrowed. */
struct fleet_flags {
	const char *config, *environment_id, *environment_key_file, *image, *engine, *policy,
		*policy_dir, *sessions, *credential, *instance, *state_dir, *on_shutdown;
	enum fleet_need need;
};

/*
 * Reads and checks everything: file (--config, else $BERTH_CONFIG, else none), environment
 * variables, flags, defaults, policies, and that key sources exist and are private (keys are not
 * kept). All problems go to `problems`; -EINVAL when there are any. ERR_REFUSED conditions
 * (ANTHROPIC_API_KEY set, a key file that others can read) are problems like others. What is only
 * questionable is among the fleet's warnings.
 */
int fleet_load(const struct fleet_flags *flags, struct problems *problems, struct fleet **ret);

/* A fleet starts with one holder. Each further one takes a reference and gives it back with
 * fleet_free(). Returns `fleet`. */
struct fleet *fleet_ref(struct fleet *fleet);
/* Gives a reference back; frees with the last. NULL is fine; returns NULL. */
struct fleet *fleet_free(struct fleet *fleet);

/* What launches and removals under way get after SIGTERM. */
#define FLEET_PATIENCE_MS 20000

/* The longest stop_grace of all environments. */
int64_t fleet_longest_grace_ms(const struct fleet *fleet);

/* policy_load() from this fleet's directories. */
int fleet_read_policy(const struct fleet *fleet, const char *name, struct problems *problems,
		      struct policy **ret);

/* What a plan for an item of `environment` takes from the configuration; ids, secrets and image
 * facts are left for the caller to add. Everything is borrowed from the fleet. */
void fleet_plan_input(const struct fleet *fleet, const struct environment *environment,
		      struct plan_input *ret);

/* The plan that an item would get, with stand-ins for every secret and an image that declares
 * nothing. ERR_REFUSED like plan_build(). */
int fleet_sample_plan(const struct fleet *fleet, const struct environment *environment,
		      const char *work_id, const char *session_id, struct plan **ret,
		      struct err *err);

/* What such a plan would be refused for, everything that is (plan/admit.h). The environment may
 * lack its id; its policy must be there, and its mounts complete. */
void fleet_sample_admit(const struct fleet *fleet, const struct environment *environment,
			admit_refused_fn *refused, void *arg);

/* ERR_INPUT, with the remedy, if what somebody wrote to say where a key is starts like a key. */
int key_check_source(const char *written, struct err *err);

/* Reads the key now. The result is the caller's. ERR_INPUT, ERR_REFUSED. */
int key_read(const struct key_source *source, struct secret **ret, struct err *err);

/* What tells one content of a file, or who may read it, from the next without reading it. Zeroed:
 * no file. */
struct key_stamp {
	uint64_t device, inode;
	int64_t size, changed_ns;
};

/* Of the file that the key is in, whatever it holds. */
struct key_stamp key_look(const struct key_source *source);
bool key_stamp_equal(const struct key_stamp *a, const struct key_stamp *b);
