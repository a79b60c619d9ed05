/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a fuzz target with each file of a folder, and prints TAP: what was once found stays found.
 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <string.h>

#define INPUT_MAX ((size_t)1 << 20)

static bool replay(const char *folder, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", folder, name);
	struct buf input;
	struct err err;

	buf_init(&input, INPUT_MAX);
	bool is_read = file_read(path, &input, &err) == 0;
	if (is_read)
		(void)LLVMFuzzerTestOneInput((const uint8_t *)input.data, input.len);
	else
		printf("# %s\n", err.text);
	buf_done(&input);
	return is_read;
}

int main(int argc, char **argv)
{
	/* Absolute: a target may go elsewhere. */
	_cleanup_free_ char *folder = realpath(argc > 1 ? argv[1] : ".", NULL);
	struct dirent **names = NULL;
	int failed = 0, replayed = 0;

	int count = folder ? scandir(folder, &names, NULL, alphasort) : 0;
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.') {
			failed += replay(folder, names[i]->d_name) ? 0 : 1;
			replayed++;
		}
		free(names[i]);
	}
	free(names);
	printf("%s 1 - All %d files of the corpus %s are taken\n1..1\n",
	       failed == 0 && replayed > 0 ? "ok" : "not ok", replayed,
	       folder ? basename(folder) : "");
	return failed > 0 || replayed == 0;
}
