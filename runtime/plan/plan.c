/* SPDX-License-Identifier: Apache-2.0 */
/* Builds what admit.c let pass: nothing here can fail any more. */
#include "plan/plan.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "plan/admit.h"
#include "plan/label.h"
#include "policy/path.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Version of the labels, for whatever reads them later. */
#define LABEL_SCHEMA "1"

/* Digits of the policy's digest in a label: enough to tell two files apart, short enough to read.
 */
#define POLICY_DIGEST_DIGITS 12

void plan_container_name(char into[160], const char *work_id)
{
	(void)snprintf(into, 160, "berth-%s", work_id);
}

char *plan_policy_label(const struct policy *policy)
{
	return xasprintf("%s@%.*s", policy->name, POLICY_DIGEST_DIGITS, policy->digest);
}

static char **copy_strings(char *const *strings)
{
	size_t count = 0;

	if (!strings)
		return NULL;
	while (strings[count])
		count++;
	char **copy = xcalloc(count + 1, sizeof(char *));
	for (size_t i = 0; i < count; i++)
		copy[i] = xstrdup(strings[i]);
	return copy;
}

static void free_strings(char **strings)
{
	for (char **string = strings; string && *string; string++)
		free(*string);
	free(strings);
}

/* Takes ownership of `value`; NULL adds nothing. */
static void add_variable(struct plan *plan, const char *name, struct secret *value, bool is_secret)
{
	if (!value)
		return;
	plan->variables =
		xreallocarray(plan->variables, plan->variable_count + 1, sizeof(*plan->variables));
	plan->variables[plan->variable_count++] =
		(struct plan_variable){xstrdup(name), value, is_secret};
}

static struct secret *plain(const char *text)
{
	return text ? secret_new(text, strlen(text)) : NULL;
}

/* What the worker identifies itself with, by the credential mode. */
static void add_credentials(struct plan *plan, const struct plan_input *input)
{
	bool own_token =
		input->credential != CREDENTIAL_KEY && input->work_secret && input->sessions_token;

	plan->exposes_environment_key = !own_token;
	add_variable(plan, "ANTHROPIC_ENVIRONMENT_KEY",
		     secret_copy(own_token ? input->sessions_token : input->environment_key), true);
	if (own_token)
		add_variable(plan, "ANTHROPIC_WORK_SECRET", secret_copy(input->work_secret), true);
}

static bool env_sets(const struct plan_input *input, const char *name)
{
	for (size_t i = 0; i < input->env_count; i++)
		if (strcmp(input->env[i].name, name) == 0)
			return true;
	return false;
}

static void add_variables(struct plan *plan, const struct plan_input *input)
{
	for (size_t i = 0; i < input->env_count; i++)
		add_variable(plan, input->env[i].name, plain(input->env[i].value), false);
	add_variable(plan, "ANTHROPIC_SESSION_ID", plain(input->session_id), false);
	add_variable(plan, "ANTHROPIC_WORK_ID", plain(input->work_id), false);
	add_variable(plan, "ANTHROPIC_ENVIRONMENT_ID", plain(input->environment_id), false);
	add_variable(plan, "ANTHROPIC_BASE_URL", plain(input->base_url), false);
	if (input->ca_file && !env_sets(input, "NODE_EXTRA_CA_CERTS"))
		add_variable(plan, "NODE_EXTRA_CA_CERTS", plain(PLAN_CA_FILE), false);
	add_credentials(plan, input);
}

static void add_labels(struct plan *plan, const struct plan_input *input)
{
	_cleanup_free_ char *policy = plan_policy_label(input->policy);
	char claimed[32];
	const struct {
		const char *name, *value;
	} own[] = {
		{"berth.instance", input->instance},
		{"berth.environment", input->environment_id},
		{"berth.session", input->session_id},
		{"berth.work", input->work_id},
		{"berth.policy", policy},
		{"berth.schema", LABEL_SCHEMA},
	};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		name_values_add(&plan->labels, &plan->label_count, own[i].name, own[i].value);
	if (input->claimed_ms != 0) {
		text_format_time(claimed, input->claimed_ms);
		name_values_add(&plan->labels, &plan->label_count, "berth.claimed", claimed);
	}
	for (size_t i = 0; i < input->label_count; i++) {
		_cleanup_free_ char *value =
			label_expand(input->labels[i].value, input->work_id, input->session_id);
		name_values_add(&plan->labels, &plan->label_count, input->labels[i].name, value);
	}
}

static void add_tmpfs(struct plan *plan, const struct policy_tmpfs *tmpfs)
{
	plan->tmpfs = xreallocarray(plan->tmpfs, plan->tmpfs_count + 1, sizeof(*plan->tmpfs));
	plan->tmpfs[plan->tmpfs_count] = *tmpfs;
	plan->tmpfs[plan->tmpfs_count++].path = xstrdup(tmpfs->path);
}

static void add_mount(struct plan *plan, const char *source, const char *target, bool read_only)
{
	plan->mounts = xreallocarray(plan->mounts, plan->mount_count + 1, sizeof(*plan->mounts));
	plan->mounts[plan->mount_count++] =
		(struct plan_mount){xstrdup(source), xstrdup(target), read_only};
}

static void add_mounts(struct plan *plan, const struct plan_input *input)
{
	for (size_t i = 0; i < input->mount_count; i++)
		add_mount(plan, input->mounts[i].source, input->mounts[i].target,
			  input->mounts[i].read_only);
	if (input->ca_file)
		add_mount(plan, input->ca_file, PLAN_CA_FILE, true);
}

/* Only something mounted at the very path keeps an engine from making an anonymous volume there. */
static bool is_covered(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->tmpfs_count; i++)
		if (strcmp(plan->tmpfs[i].path, path) == 0)
			return true;
	for (size_t i = 0; i < plan->mount_count; i++)
		if (strcmp(plan->mounts[i].target, path) == 0)
			return true;
	return false;
}

static void cover_volumes(struct plan *plan, const struct plan_input *input)
{
	for (char **volume = input->image_facts->volumes; volume && *volume; volume++) {
		_cleanup_free_ char *path = path_clean(*volume);
		/* Programs may be run from it, as from the volume that it stands for. */
		const struct policy_tmpfs tmpfs = {
			.path = path,
			.size_bytes = input->policy->volume_bytes,
			.mode = 0700,
			.exec = true,
		};
		if (path && !is_covered(plan, path))
			add_tmpfs(plan, &tmpfs);
	}
}

static enum policy_network network_kind(const struct plan_input *input)
{
	enum policy_network network = input->policy->network;
	_cleanup_free_ char *override = NULL;

	/* The only override that admit() lets pass and that is not the policy's own is "none". */
	if (input->network)
		(void)policy_parse_network(input->network, &network, &override);
	return network;
}

/* What the engine calls the network. */
static const char *network_name(const struct plan_input *input, enum policy_network network)
{
	switch (network) {
	case NETWORK_NONE:
		return "none";
	case NETWORK_UNRESTRICTED:
		return input->bridge;
	case NETWORK_ENGINE:
		return input->policy->network_name;
	}
	abort();
}

int plan_build(const struct plan_input *input, struct plan **ret, struct err *err)
{
	char name[160];

	int r = admit(input, err);
	if (r < 0)
		return r;
	struct plan *plan = xcalloc(1, sizeof(*plan));
	plan_container_name(name, input->work_id);
	plan->name = xstrdup(name);
	plan->image = xstrdup(input->image);
	plan->image_id = xstrdup(input->image_facts->id);
	plan->command = copy_strings(input->command);
	plan->image_entrypoint = copy_strings(input->image_facts->entrypoint);
	plan->image_command = copy_strings(input->image_facts->command);
	plan->image_environment = copy_strings(input->image_facts->environment);
	plan->network_kind = network_kind(input);
	plan->network = xstrdup(network_name(input, plan->network_kind));
	plan->stop_grace_ms = input->stop_grace_ms;
	plan->policy = input->policy;
	add_variables(plan, input);
	add_labels(plan, input);
	for (size_t i = 0; i < input->policy->tmpfs_count; i++)
		add_tmpfs(plan, &input->policy->tmpfs[i]);
	add_mounts(plan, input);
	cover_volumes(plan, input);
	*ret = plan;
	return 0;
}

struct plan *plan_free(struct plan *plan)
{
	if (!plan)
		return NULL;
	for (size_t i = 0; i < plan->variable_count; i++) {
		free(plan->variables[i].name);
		secret_free(plan->variables[i].value);
	}
	for (size_t i = 0; i < plan->tmpfs_count; i++)
		free(plan->tmpfs[i].path);
	for (size_t i = 0; i < plan->mount_count; i++) {
		free(plan->mounts[i].source);
		free(plan->mounts[i].target);
	}
	name_values_free(plan->labels, plan->label_count);
	free_strings(plan->command);
	free_strings(plan->image_entrypoint);
	free_strings(plan->image_command);
	free_strings(plan->image_environment);
	free(plan->variables);
	free(plan->tmpfs);
	free(plan->mounts);
	free(plan->network);
	free(plan->image_id);
	free(plan->image);
	free(plan->name);
	free(plan);
	return NULL;
}

bool plan_secret_appears_in(const struct plan *plan, const char *text)
{
	for (size_t i = 0; i < plan->variable_count; i++)
		if (plan->variables[i].is_secret &&
		    secret_appears_in(plan->variables[i].value, text))
			return true;
	return false;
}

/* "REGISTRY_AUTH", "AUTH_TICKET" and "OAUTH" end one with "AUTH". */
static bool ends_a_word(const char *name, const char *word)
{
	for (; (name = strcasestr(name, word)); name++)
		if (!isalpha((unsigned char)name[strlen(word)]))
			return true;
	return false;
}

bool plan_hides(const struct plan_variable *variable)
{
	static const char *const words[] = {"KEY",  "TOKEN",  "SECRET", "PASS",
					    "CRED", "COOKIE", "JWT",	"BEARER"};
	/* Others begin with these: AUTHOR, PWDIR. */
	static const char *const last[] = {"AUTH", "PWD"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(variable->name, words[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(last); i++)
		if (ends_a_word(variable->name, last[i]))
			return true;
	return variable->is_secret;
}

void image_facts_done(struct image_facts *facts)
{
	free(facts->id);
	free_strings(facts->volumes);
	free_strings(facts->environment);
	free_strings(facts->entrypoint);
	free_strings(facts->command);
	*facts = (struct image_facts){.id = NULL};
}
