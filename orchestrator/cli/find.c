/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/find.h"

#include "base/cleanup.h"
#include "cli/exit.h"
#include "cli/explain.h"
#include "cli/which.h"

#include <stdio.h>
#include <string.h>

static struct candidate *candidates_of(const struct visit *visit)
{
	struct candidate *candidates = xcalloc(visit->count + 1, sizeof(*candidates));

	for (size_t i = 0; i < visit->count; i++) {
		const struct container *container = &visit->seen[i].container;
		candidates[i] = (struct candidate){
			.session = container_label(container, "berth.session"),
			.work = container_label(container, "berth.work"),
			.container = container->id,
			.name = container->name,
			.at_ms = container->created_at_ms,
		};
	}
	return candidates;
}

int find_complain_several(const char *command, const char *text, const struct candidate *candidates,
			  size_t count)
{
	explain("berth %s: the ids of several containers begin with '%s':\n", command, text);
	for (size_t i = 0; i < count; i++) {
		const struct candidate *candidate = &candidates[i];
		if (which_may_be(text, candidate))
			(void)fprintf(stderr, "  %s  session %s, work %s\n", candidate->container,
				      candidate->session ? candidate->session : "-",
				      candidate->work ? candidate->work : "-");
	}
	return EXIT_USAGE;
}

const struct seen *find_container(struct visit *visit, const char *text)
{
	_cleanup_free_ struct candidate *candidates = candidates_of(visit);
	size_t at = 0;

	switch (which_one(text, candidates, visit->count, &at)) {
	case WHICH_ONE:
		return &visit->seen[at];
	case WHICH_SEVERAL:
		visit->exit_code =
			find_complain_several(visit->command, text, candidates, visit->count);
		break;
	case WHICH_NONE:
		break;
	}
	return NULL;
}

const struct environment *find_environment(const struct fleet *fleet,
					   const struct container *container)
{
	const char *id = container_label(container, "berth.environment");

	for (size_t i = 0; id && i < fleet->environment_count; i++)
		if (fleet->environments[i].id && strcmp(fleet->environments[i].id, id) == 0)
			return &fleet->environments[i];
	return NULL;
}
