/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of admission: one function and one row of the table at the end each. A rule reads the
 * input, or one entry of a list in it, and either agrees or refuses with reason and remedy. -EINVAL
 * says that the work item itself cannot be run; -EPERM that policy, configuration or image forbid
 * it.
 */
#include "plan/admit.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "plan/label.h"
#include "plan/mount.h"
#include "policy/path.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static int admit_ids(const struct plan_input *input, struct err *err)
{
	const struct {
		const char *field, *value;
		int code;
	} ids[] = {
		{"work item's", input->work_id, -EINVAL},
		{"session's", input->session_id, -EINVAL},
		{"environment's", input->environment_id, -EPERM},
		{"instance's", input->instance, -EPERM},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (!ids[i].value || !text_is_id(ids[i].value))
			return err_set(err, ERR_REFUSED, ids[i].code,
				       "the %s must be 1 to 128 characters of A-Z a-z 0-9 _ and -",
				       ids[i].field);
	return 0;
}

static int admit_credential(const struct plan_input *input, struct err *err)
{
	bool has_secret = input->work_secret && input->sessions_token;

	if (input->policy->require_secret && input->credential == CREDENTIAL_KEY)
		return err_set(err, ERR_REFUSED, -EPERM,
			       "'key' gives the environment key to every session, and policy '%s' "
			       "lets none have it (require_secret): use 'auto' or 'secret'",
			       input->policy->name);
	if (input->policy->require_secret && !has_secret)
		return err_set(err, ERR_REFUSED, -EINVAL,
			       "the item brings no usable secret, and policy '%s' requires one "
			       "(require_secret)",
			       input->policy->name);
	if (input->credential == CREDENTIAL_SECRET && !has_secret)
		return err_set(err, ERR_REFUSED, -EINVAL,
			       "the item brings no usable secret, and 'secret' allows "
			       "nothing else; 'auto' would fall back to the environment key");
	if (input->credential == CREDENTIAL_AUTO && has_secret)
		return 0;
	if (input->credential != CREDENTIAL_SECRET && !input->environment_key)
		return err_set(err, ERR_REFUSED, -EPERM,
			       "there is no environment key to give to the worker");
	return 0;
}

static bool is_variable_name(const char *name)
{
	if (!isalpha((unsigned char)name[0]) && name[0] != '_')
		return false;
	for (const char *p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			return false;
	return true;
}

static bool is_reserved_variable(const char *name)
{
	return text_starts_with(name, "ANTHROPIC_");
}

static size_t count_variables(const struct plan_input *input)
{
	return input->env_count;
}

static int admit_variable(const struct plan_input *input, size_t i, struct err *err)
{
	const char *name = input->env[i].name;

	if (!is_variable_name(name))
		return err_set(err, ERR_REFUSED, -EPERM,
			       "'%s' is no name of a variable: letters, digits and _, not "
			       "starting with a digit",
			       name);
	if (is_reserved_variable(name))
		return err_set(err, ERR_REFUSED, -EPERM,
			       "'%s' cannot be set here: ANTHROPIC_* is how the worker is told "
			       "who it is; remove it from `env`",
			       name);
	for (size_t j = 0; j < i; j++)
		if (strcmp(input->env[j].name, name) == 0)
			return err_set(err, ERR_REFUSED, -EPERM, "'%s' is set twice", name);
	return 0;
}

static int admit_image_variables(const struct plan_input *input, struct err *err)
{
	for (char **entry = input->image_facts->environment; entry && *entry; entry++) {
		if (is_reserved_variable(*entry)) {
			return err_set(err, ERR_REFUSED, -EPERM,
				       "'%s' sets the variable '%.*s' (ENV): ANTHROPIC_* is "
				       "how the worker is told who it is, and an image must carry "
				       "no key; build it without",
				       input->image, (int)strcspn(*entry, "="), *entry);
		}
	}
	return 0;
}

static int admit_command(const struct plan_input *input, struct err *err)
{
	const struct image_facts *image = input->image_facts;
	bool has_command = (image->entrypoint && image->entrypoint[0]) ||
			   (image->command && image->command[0]);

	if (input->command && (!input->command[0] || input->command[0][0] == '\0'))
		return err_set(err, ERR_REFUSED, -EPERM,
			       "must not be empty: leave it out to run the image's own");
	if (!input->command && !has_command)
		return err_set(err, ERR_REFUSED, -EPERM,
			       "image '%s' has neither ENTRYPOINT nor CMD: set `command`",
			       input->image);
	return 0;
}

static size_t count_labels(const struct plan_input *input)
{
	return input->label_count;
}

static int admit_label(const struct plan_input *input, size_t i, struct err *err)
{
	const struct name_value *label = &input->labels[i];

	if (label->name[0] == '\0')
		return err_set(err, ERR_REFUSED, -EPERM, "a name is empty");
	if (text_starts_with(label->name, "berth."))
		return err_set(err, ERR_REFUSED, -EPERM,
			       "'%s' cannot be set here: berth.* is how berth knows its own "
			       "containers; choose another name",
			       label->name);
	for (size_t j = 0; j < i; j++)
		if (strcmp(input->labels[j].name, label->name) == 0)
			return err_set(err, ERR_REFUSED, -EPERM, "'%s' is set twice", label->name);
	return label_check(label, err);
}

static size_t count_mounts(const struct plan_input *input)
{
	return input->mount_count;
}

static int admit_mount_source(const struct plan_input *input, size_t i, struct err *err)
{
	return mount_check_source(input->mounts[i].source, input->policy, err);
}

static int admit_mount_target(const struct plan_input *input, size_t i, struct err *err)
{
	const char *target = input->mounts[i].target;

	for (size_t j = 0; j < i; j++)
		if (strcmp(input->mounts[j].target, target) == 0)
			return err_set(err, ERR_REFUSED, -EPERM, "'%s' is the target of two mounts",
				       target);
	return mount_check_target(target, input->policy, err);
}

/*
 * From narrow to wide: `none`, then the policy's own network. `unrestricted` and a network of the
 * operator's cannot be compared: the one keeps sessions apart and lets them out, the other may do
 * neither. So an environment can keep what the policy says, or close the network.
 */
static int admit_network(const struct plan_input *input, struct err *err)
{
	const struct policy *policy = input->policy;
	_cleanup_free_ char *name = NULL;
	enum policy_network network;

	if (!input->network)
		return 0;
	if (policy_parse_network(input->network, &network, &name) < 0)
		return err_set(err, ERR_REFUSED, -EPERM,
			       "must be none, unrestricted or engine:NAME, not '%s'",
			       input->network);
	if (network == NETWORK_NONE)
		return 0;
	if (network == policy->network &&
	    (network != NETWORK_ENGINE || strcmp(name, policy->network_name) == 0))
		return 0;
	return err_set(err, ERR_REFUSED, -EPERM,
		       "'%s' is wider than policy '%s' allows; an environment can repeat "
		       "the policy's network or close it with 'none': change the policy, or name "
		       "another one",
		       input->network, policy->name);
}

static int admit_volumes(const struct plan_input *input, struct err *err)
{
	for (char **volume = input->image_facts->volumes; volume && *volume; volume++) {
		_cleanup_free_ char *path = path_clean(*volume);
		if (!path || !path_is_mountable(path))
			return err_set(err, ERR_REFUSED, -EPERM,
				       "'%s' declares the VOLUME '%s', where nothing can "
				       "be mounted; build it without",
				       input->image, *volume);
	}
	return 0;
}

/* A rule looks at the whole input, or at each of so many entries. */
static const struct {
	const char *field; /* opens every refusal of the rule */
	int (*check)(const struct plan_input *input, struct err *err);
	size_t (*count)(const struct plan_input *input);
	int (*check_entry)(const struct plan_input *input, size_t entry, struct err *err);
} rules[] = {
	{"id", .check = admit_ids},
	{"credential", .check = admit_credential},
	{"env", .count = count_variables, .check_entry = admit_variable},
	{"image", .check = admit_image_variables},
	{"command", .check = admit_command},
	{"labels", .count = count_labels, .check_entry = admit_label},
	{"mounts", .count = count_mounts, .check_entry = admit_mount_source},
	{"mounts", .count = count_mounts, .check_entry = admit_mount_target},
	{"network", .check = admit_network},
	{"image", .check = admit_volumes},
};

void admit_each(const struct plan_input *input, admit_refused_fn *refused, void *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		size_t count = rules[i].count ? rules[i].count(input) : 1;
		for (size_t entry = 0; entry < count; entry++) {
			struct err err;
			int r = rules[i].count ? rules[i].check_entry(input, entry, &err)
					       : rules[i].check(input, &err);
			if (r == 0)
				continue;
			(void)err_prefix(&err, "%s", rules[i].field);
			if (!refused(rules[i].field, entry, &err, arg))
				return;
		}
	}
}

static bool keep_first(const char *field, size_t entry, const struct err *err, void *arg)
{
	(void)field;
	(void)entry;
	*(struct err *)arg = *err;
	return false;
}

int admit(const struct plan_input *input, struct err *err)
{
	struct err first = {.code = 0};

	admit_each(input, keep_first, &first);
	if (first.code != 0 && err)
		*err = first;
	return first.code;
}
