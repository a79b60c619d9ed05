/* SPDX-License-Identifier: Apache-2.0 */
/* The configurations of an environment: the one it has now, and those that sessions still run
 * with. */
#include "base/cleanup.h"
#include "daemon/claimant_parts.h"

const struct environment *claimant_config(const struct claimant *claimant)
{
	return claimant->newest->site.config;
}

struct backend *claimant_backend(const struct claimant *claimant)
{
	return claimant->newest->backend;
}

struct edition *claimant_add_edition(struct claimant *claimant, struct backend *backend,
				     struct fleet *fleet, const struct environment *config)
{
	struct edition *edition = xcalloc(1, sizeof(*edition));

	edition->claimant = claimant;
	edition->backend = backend;
	edition->fleet = fleet_ref(fleet);
	edition->site = claimant_site(edition);
	edition->site.config = config;
	edition->next = claimant->editions;
	claimant->editions = edition;
	return edition;
}

static struct edition *edition_free(struct edition *edition)
{
	(void)fleet_free(edition->fleet);
	image_facts_done(&edition->image);
	free(edition);
	return NULL;
}

struct edition *claimant_edition_on(struct claimant *claimant, struct backend *backend)
{
	struct edition *newest = claimant->newest;

	if (newest->backend == backend)
		return newest;
	for (struct edition *edition = claimant->editions; edition; edition = edition->next)
		if (edition->backend == backend)
			return edition;
	return claimant_add_edition(claimant, backend, newest->fleet, newest->site.config);
}

void claimant_tidy(struct claimant *claimant)
{
	for (struct edition **at = &claimant->editions; *at;) {
		struct edition *edition = *at;
		if (edition->sessions > 0 || edition == claimant->newest ||
		    edition == claimant->serving) {
			at = &edition->next;
			continue;
		}
		*at = edition->next;
		(void)edition_free(edition);
	}
}

void claimant_free_editions(struct claimant *claimant)
{
	while (claimant->editions) {
		struct edition *edition = claimant->editions;
		claimant->editions = edition->next;
		(void)edition_free(edition);
	}
	claimant->newest = claimant->serving = NULL;
}

bool claimant_uses(const struct claimant *claimant, const struct backend *backend)
{
	for (const struct edition *edition = claimant->editions; edition; edition = edition->next)
		if (edition->backend == backend)
			return true;
	return false;
}

bool claimant_is_idle(const struct claimant *claimant)
{
	for (const struct edition *edition = claimant->editions; edition; edition = edition->next)
		if (edition->sessions > 0)
			return false;
	return claimant_is_finished(claimant);
}
