/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags over environment variables over the file. Each goes through the row of the key it stands
 * for, so a flag is checked like the file is.
 */
#include "base/cleanup.h"
#include "config/defaults.h"
#include "config/loader.h"
#include "config/rows.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

/* The name of the flag or variable that was used, for messages. */
struct said {
	const char *name;
	const char *value; /* NULL: nobody said anything */
};

static struct said flag_or_variable(const char *flag, const char *flag_value, const char *name)
{
	if (flag_value)
		return (struct said){flag, flag_value};
	return (struct said){name, name ? variable(name) : NULL};
}

/* Stores what was said under `key`; false if nothing was, or nothing usable. */
static bool set(struct loader *loader, const struct option *rows, const char *key, void *target,
		struct said said)
{
	struct err err;

	if (!said.value)
		return false;
	if (option_set(option_find(rows, key), target, said.value, &err) < 0) {
		complain(loader, NULL, said.name, "%s", err.text);
		return false;
	}
	return true;
}

static void override_fleet(struct loader *loader)
{
	const struct fleet_flags *flags = loader->flags;
	struct fleet *fleet = loader->fleet;
	struct said engine = flag_or_variable("--engine", flags->engine, "BERTH_ENGINE");
	struct said base_url = flag_or_variable(NULL, NULL, "ANTHROPIC_BASE_URL");

	(void)set(loader, fleet_rows, "instance", fleet,
		  (struct said){"--instance", flags->instance});
	(void)set(loader, fleet_rows, "state_dir", fleet,
		  (struct said){"--state-dir", flags->state_dir});
	(void)set(loader, fleet_rows, "policy_dir", fleet,
		  (struct said){"--policy-dir", flags->policy_dir});
	(void)set(loader, fleet_rows, "on_shutdown", fleet,
		  (struct said){"--on-shutdown", flags->on_shutdown});
	if (set(loader, fleet_rows, "base_url", fleet, base_url))
		loader->base_url_origin = base_url.name;
	if (engine.value && fleet->engine_count > 1)
		complain(loader, NULL, engine.name,
			 "'%s' has several engines: which one is meant cannot be told",
			 fleet->file);
	else if (set(loader, engine_rows, "socket", fleet->engines, engine))
		fleet->engines[0].socket_reason = xstrdup(engine.name);
}

/*
 * A name for this poller: the control plane counts workers by it. Stays the same when the
 * configuration is loaded again.
 */
static char *default_worker_id(void)
{
	char host[65] = "";

	if (gethostname(host, sizeof(host) - 1) < 0 || host[0] == '\0')
		return xasprintf("berth-%d", (int)getpid());
	return xasprintf("%s-%d", host, (int)getpid());
}

static void set_worker_id(struct loader *loader)
{
	static const char name[] = "ANTHROPIC_WORKER_ID";
	const char *value = variable(name);

	loader->fleet->worker_id = value ? xstrdup(value) : default_worker_id();
	if (strlen(loader->fleet->worker_id) > 128)
		complain(loader, NULL, name, "must have at most 128 characters");
	/* It becomes the value of a header. */
	for (const char *p = loader->fleet->worker_id; *p != '\0'; p++) {
		if (!isgraph((unsigned char)*p)) {
			complain(loader, NULL, name,
				 "must not contain spaces or other characters "
				 "than ASCII");
			return;
		}
	}
}

static struct said said_id(const struct loader *loader)
{
	return flag_or_variable("--environment-id", loader->flags->environment_id,
				"ANTHROPIC_ENVIRONMENT_ID");
}

void override_describe(struct loader *loader)
{
	const struct yaml_node *defaults = defaults_usable(loader->root);
	struct fleet *fleet = loader->fleet;

	if (fleet->environment_count > 0 || !said_id(loader).value ||
	    environments_are_unusable(loader))
		return;
	fleet->environments = xcalloc(1, sizeof(struct environment));
	fleet->environment_count = 1;
	loader->origins[0].node = defaults;
	(void)option_read(environment_rows, defaults, fleet->environments, loader->problems);
}

/* Keeps one environment and forgets the others. */
static void keep_only(struct loader *loader, size_t kept)
{
	struct fleet *fleet = loader->fleet;

	for (size_t i = 0; i < fleet->environment_count; i++)
		if (i != kept)
			option_free(environment_rows, &fleet->environments[i]);
	fleet->environments[0] = fleet->environments[kept];
	fleet->environment_count = 1;
	loader->origins[0] = loader->origins[kept];
}

static void pick_environment(struct loader *loader, struct said id)
{
	struct fleet *fleet = loader->fleet;
	_cleanup_(buf_done) struct buf known;

	buf_init(&known, BUF_MAX_LOG_LINE);
	for (size_t i = 0; i < fleet->environment_count; i++) {
		const char *candidate = fleet->environments[i].id;
		if (!candidate)
			continue;
		if (strcmp(candidate, id.value) == 0) {
			keep_only(loader, i);
			return;
		}
		(void)!buf_addf(&known, "%s%s", known.len > 0 ? ", " : "", candidate);
	}
	complain(loader, NULL, id.name, "'%.140s' is not in '%s', which has %s", id.value,
		 fleet->file, known.data);
}

/* Which environment is meant: the only one, or one of several. */
static void override_environment_id(struct loader *loader)
{
	struct fleet *fleet = loader->fleet;
	struct said id = said_id(loader);

	if (id.value && fleet->environment_count > 1)
		pick_environment(loader, id);
	else if (fleet->environment_count == 1)
		(void)set(loader, environment_rows, "id", fleet->environments, id);
}

static void set_key(struct loader *loader, struct key_source source, const char *origin)
{
	struct key_source *key = &loader->fleet->environments[0].key;

	free(key->file);
	free(key->variable);
	free(key->credential);
	*key = (struct key_source){
		.file = xstrdup_or_null(source.file),
		.variable = xstrdup_or_null(source.variable),
		.credential = xstrdup_or_null(source.credential),
	};
	loader->origins[0].key = origin;
}

/* The credential that is looked for when nobody says where the key is. */
static bool has_credential(const char *name)
{
	const char *directory = variable("CREDENTIALS_DIRECTORY");

	if (!directory)
		return false;
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
	return access(path, F_OK) == 0;
}

static void override_key(struct loader *loader)
{
	static char name[] = "ANTHROPIC_ENVIRONMENT_KEY";
	static const char name_of_file[] = "ANTHROPIC_ENVIRONMENT_KEY_FILE";
	const struct key_source *key = &loader->fleet->environments[0].key;
	struct said file = flag_or_variable("--environment-key-file",
					    loader->flags->environment_key_file, name_of_file);

	if (file.value && file.value != loader->flags->environment_key_file && variable(name)) {
		complain(loader, NULL, name, "is set, and so is %s: set one of them", name_of_file);
		return;
	}
	if (file.value) {
		_cleanup_free_ char *path = xstrdup(file.value);
		set_key(loader, (struct key_source){.file = path}, file.name);
	} else if (variable(name)) {
		set_key(loader, (struct key_source){.variable = name}, name);
	} else if (!key->file && !key->variable && !key->credential && has_credential(name)) {
		set_key(loader, (struct key_source){.credential = name}, "CREDENTIALS_DIRECTORY");
	}
}

static void override_environment(struct loader *loader)
{
	const struct fleet_flags *flags = loader->flags;
	struct fleet *fleet = loader->fleet;
	struct environment *environment = fleet->environments;
	const struct {
		const char *key;
		struct said said;
	} scoped[] = {
		{"image", {"--image", flags->image}},
		{"policy", {"--policy", flags->policy}},
		{"credential", {"--credential", flags->credential}},
		{"sessions", {"--sessions", flags->sessions}},
	};
	const struct said key_file = {"--environment-key-file", flags->environment_key_file};

	for (size_t i = 0; i < ARRAY_SIZE(scoped); i++) {
		if (fleet->environment_count == 1)
			(void)set(loader, environment_rows, scoped[i].key, environment,
				  scoped[i].said);
		else if (fleet->environment_count > 1 && scoped[i].said.value)
			complain(loader, NULL, scoped[i].said.name,
				 "there are several environments: say which with "
				 "--environment-id");
	}
	if (fleet->environment_count == 1) {
		loader->origins[0].policy = flags->policy ? "--policy" : NULL;
		override_key(loader);
	} else if (fleet->environment_count > 1 && key_file.value) {
		complain(loader, NULL, key_file.name,
			 "there are several environments: say which with --environment-id");
	}
}

void override_apply(struct loader *loader)
{
	override_fleet(loader);
	set_worker_id(loader);
	if (environments_are_unusable(loader))
		return;
	override_environment_id(loader);
	override_environment(loader);
}
