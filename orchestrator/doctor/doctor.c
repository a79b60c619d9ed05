/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks share. */
#include "base/cleanup.h"
#include "cli/completion.h"
#include "cli/exit.h"
#include "doctor/checks.h"
#include "engine/probe.h"

#include <string.h>

/* What people call the engine: its name, else where it is. */
static char *engine_label(const struct visited_engine *engine)
{
	const struct engine_settings *settings = engine->settings;

	if (settings->name)
		return xstrdup(settings->name);
	return settings->socket ? xasprintf("unix://%s", settings->socket) : xstrdup("(none)");
}

struct finding *doctor_add(const struct subject *subject, const char *check)
{
	_cleanup_free_ char *engine = subject->engine ? engine_label(subject->engine) : NULL;

	return report_add(&subject->doctor->report, check, engine,
			  subject->environment ? subject->environment->name : NULL);
}

void doctor_check(const struct subject *subject, const struct check *checks)
{
	const int *exit_code = &subject->doctor->visit.exit_code;

	for (const struct check *check = checks; check->id && *exit_code == EXIT_DONE; check++) {
		struct finding *finding = doctor_add(subject, check->id);
		if (check->needs_engine && (!subject->engine->is_open || subject->engine->is_away))
			finding_skip(finding, "the engine does not answer");
		else
			check->look(subject, finding);
		/* What was not waited for is not known. */
		if (*exit_code != EXIT_DONE)
			finding_skip(finding, "interrupted");
	}
}

/* True if an earlier environment of that engine has a policy of the same name. */
static bool is_repeated(const struct fleet *fleet, size_t environment)
{
	const struct environment *own = &fleet->environments[environment];

	for (size_t i = 0; i < environment; i++)
		if (fleet->environments[i].engine == own->engine &&
		    strcmp(fleet->environments[i].policy->name, own->policy->name) == 0)
			return true;
	return false;
}

const struct policy *doctor_policy(const struct doctor *doctor,
				   const struct engine_settings *engine, size_t i)
{
	const struct fleet *fleet = doctor->fleet;

	if (fleet->environment_count == 0)
		return i == 0 ? doctor->default_policy : NULL;
	for (size_t j = 0; j < fleet->environment_count; j++) {
		if (fleet->environments[j].engine != engine || is_repeated(fleet, j))
			continue;
		if (i-- == 0)
			return fleet->environments[j].policy;
	}
	return NULL;
}

unsigned doctor_promised(const struct doctor *doctor, const struct engine_settings *engine)
{
	const struct policy *policy;
	unsigned promised = 0;

	for (size_t i = 0; (policy = doctor_policy(doctor, engine, i)); i++)
		promised |= ~policy->unenforced;
	return promised;
}

char *doctor_word(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "%+,-./:=@_";

	if (*text != '\0' && strspn(text, plain) == strlen(text))
		return xstrdup(text);
	return completion_quoted(text);
}

char *doctor_client(const struct visited_engine *engine)
{
	const struct probe *probe = engine_probe(engine->engine);
	_cleanup_free_ char *url = xasprintf("unix://%s", engine->settings->socket);
	_cleanup_free_ char *word = doctor_word(url);

	return xasprintf("%s %s", probe->dialect == &dialect_podman ? "podman --url" : "docker -H",
			 word);
}
