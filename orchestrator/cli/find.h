#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* The container that an operator means, on one of the engines (cli/visit.h). */
#include "cli/visit.h"
#include "cli/which.h"

/* After visit_list(). NULL: none is meant, or several may be; then stderr says which, and the exit
 * code is EXIT_USAGE. The result belongs to the visit. */
const struct seen *find_container(struct visit *visit, const char *text);

/* Says on stderr which of them may be meant. Returns EXIT_USAGE. */
int find_complain_several(const char *command, const char *text, const struct candidate *candidates,
			  size_t count);

/* What the configuration says of the environment of a container; NULL: nothing. */
const struct environment *find_environment(const struct fleet *fleet,
					   const struct container *container);
