/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exit.h"

#include "base/cleanup.h"

int exit_graver(int a, int b)
{
	static const int gravest_first[] = {EXIT_INTERNAL,    EXIT_CONFIG,    EXIT_CREDENTIALS,
					    EXIT_UNAVAILABLE, EXIT_TEMPORARY, EXIT_NO_INPUT};

	for (size_t i = 0; i < ARRAY_SIZE(gravest_first); i++)
		if (a == gravest_first[i] || b == gravest_first[i])
			return gravest_first[i];
	return a != EXIT_DONE ? a : b;
}
