/* SPDX-License-Identifier: Apache-2.0 */
/* The secret of a work item. */
#include "fuzz/fuzz.h"
#include "queue/work_secret.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct secret *secret = NULL, *token = NULL;
	char *text = malloc(size + 1);

	must(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (work_secret_decode(text, &secret, &token)) {
		const char *word = secret_reveal(token);
		must(strcmp(secret_reveal(secret), text) == 0);
		must(*word != '\0' && strlen(word) <= WORK_TOKEN_MAX);
		for (const char *at = word; *at; at++)
			must(*at >= ' ' && *at <= '~');
	} else {
		must(!secret && !token);
	}
	(void)secret_free(secret);
	(void)secret_free(token);
	free(text);
	return 0;
}
