/* SPDX-License-Identifier: Apache-2.0 */
#include "config/unit.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define UNIT_NAME    "berth.service"
#define SPACES	     " \t\r"
#define DROP_INS_MAX 100

/* --- one file --------------------------------------------------------------------------------- */

struct reader {
	struct unit *unit;
	const char *file;
	unsigned line;
	bool in_service;
};

static char *trimmed(const char *text, size_t length)
{
	while (length > 0 && strchr(SPACES, text[0])) {
		text++;
		length--;
	}
	while (length > 0 && strchr(SPACES, text[length - 1]))
		length--;
	return xstrndup(text, length);
}

static void add_setting(struct reader *reader, const char *text, unsigned line)
{
	struct unit *unit = reader->unit;
	const char *equals = strchr(text, '=');

	if (!equals)
		return;
	unit->settings =
		xreallocarray(unit->settings, unit->setting_count + 1, sizeof(*unit->settings));
	unit->settings[unit->setting_count++] = (struct unit_setting){
		.file = reader->file,
		.line = line,
		.key = trimmed(text, (size_t)(equals - text)),
		.value = trimmed(equals + 1, strlen(equals + 1)),
	};
}

/* One logical line, which began at `line`. */
static void read_logical(struct reader *reader, const char *text, unsigned line)
{
	_cleanup_free_ char *content = trimmed(text, strlen(text));

	if (content[0] == '[') {
		reader->in_service = strcmp(content, "[Service]") == 0;
		if (reader->in_service && reader->unit->file_count == 1)
			reader->unit->section_line = line;
	} else if (reader->in_service) {
		add_setting(reader, content, line);
	}
}

static bool is_comment(const char *text, size_t length)
{
	size_t spaces = strspn(text, SPACES);

	return spaces < length && strchr("#;", text[spaces]);
}

/* A line that ends in a backslash goes on in the next one; comments in between do not count. */
static void read_lines(struct reader *reader, const char *text)
{
	_cleanup_(buf_done) struct buf logical;
	unsigned line = 0, first = 0;

	buf_init(&logical, BUF_MAX_CONFIG_FILE);
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		bool goes_on = length > 0 && text[length - 1] == '\\';
		const char *next = text + length + (text[length] == '\n' ? 1 : 0);

		line++;
		if (!is_comment(text, length)) {
			first = logical.len == 0 ? line : first;
			(void)!buf_add(&logical, text, goes_on ? length - 1 : length);
			(void)!buf_adds(&logical, goes_on ? " " : "");
			if (!goes_on) {
				read_logical(reader, logical.data, first);
				buf_reset(&logical);
			}
		}
		text = next;
	}
	read_logical(reader, logical.data, first);
}

static int add_file(struct unit *unit, const char *file, struct err *err)
{
	_cleanup_(buf_done) struct buf text;

	buf_init(&text, BUF_MAX_CONFIG_FILE);
	int r = file_read(file, &text, err);
	if (r < 0)
		return r;
	unit->files = xreallocarray(unit->files, unit->file_count + 1, sizeof(char *));
	unit->files[unit->file_count++] = xstrdup(file);
	struct reader reader = {.unit = unit, .file = unit->files[unit->file_count - 1]};
	read_lines(&reader, text.data);
	return 0;
}

/* --- drop-ins: of all directories in the order of their names; of one name the first counts -----
 */

struct drop_ins {
	char *paths[DROP_INS_MAX];
	size_t count;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

static bool has_name(const struct drop_ins *drop_ins, const char *name)
{
	for (size_t i = 0; i < drop_ins->count; i++)
		if (strcmp(base_name(drop_ins->paths[i]), name) == 0)
			return true;
	return false;
}

static void find_drop_ins(const char *directory, struct drop_ins *drop_ins)
{
	struct dirent *entry;
	DIR *dir = opendir(directory);

	while (dir && (entry = readdir(dir))) {
		const char *end = strrchr(entry->d_name, '.');
		if (end && strcmp(end, ".conf") == 0 && drop_ins->count < DROP_INS_MAX &&
		    !has_name(drop_ins, entry->d_name))
			drop_ins->paths[drop_ins->count++] =
				xasprintf("%s/%s", directory, entry->d_name);
	}
	if (dir)
		(void)closedir(dir);
}

/* `file`, and what the directories have to add to it. */
static int read_all(const char *file, const char *const *directories, struct unit **ret,
		    struct err *err)
{
	struct unit *unit = xcalloc(1, sizeof(*unit));
	struct drop_ins drop_ins = {.count = 0};
	int r;

	unit->section_line = 1;
	for (; *directories; directories++) {
		_cleanup_free_ char *directory =
			xasprintf("%s/%s.d", *directories, base_name(file));
		find_drop_ins(directory, &drop_ins);
	}
	qsort(drop_ins.paths, drop_ins.count, sizeof(char *), compare_names);
	r = add_file(unit, file, err);
	for (size_t i = 0; i < drop_ins.count; i++) {
		if (r == 0)
			r = add_file(unit, drop_ins.paths[i], err);
		free(drop_ins.paths[i]);
	}
	if (r < 0) {
		(void)unit_free(unit);
		return r;
	}
	*ret = unit;
	return 0;
}

int unit_read(const char *file, struct unit **ret, struct err *err)
{
	const char *slash = strrchr(file, '/');
	_cleanup_free_ char *directory =
		slash ? xstrndup(file, (size_t)(slash - file)) : xstrdup(".");
	const char *const directories[] = {directory, NULL};

	return read_all(file, directories, ret, err);
}

/* --- the installed one ------------------------------------------------------------------------ */

#define PLACES_MAX 6

static int read_from(char *const *places, struct unit **ret, struct err *err)
{
	const char *directories[PLACES_MAX + 1] = {NULL};

	for (size_t i = 0; places[i]; i++)
		directories[i] = places[i];
	for (size_t i = 0; places[i]; i++) {
		_cleanup_free_ char *file = xasprintf("%s/%s", places[i], UNIT_NAME);
		if (access(file, F_OK) == 0)
			return read_all(file, directories, ret, err);
	}
	return 0;
}

/* `kind`: "system" or "user". */
static int read_installed(const char *root, const char *kind, const char *config_home,
			  struct unit **ret, struct err *err)
{
	static const char *const usual[] = {"/etc/systemd", "/run/systemd",
					    "/usr/local/lib/systemd", "/usr/lib/systemd",
					    "/lib/systemd"};
	char *places[PLACES_MAX + 1] = {NULL};
	size_t count = 0;

	if (config_home)
		places[count++] = xasprintf("%s%s/systemd/%s", root, config_home, kind);
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		places[count++] = xasprintf("%s%s/%s", root, usual[i], kind);
	int r = read_from(places, ret, err);
	for (size_t i = 0; i < count; i++)
		free(places[i]);
	return r;
}

int unit_read_installed(const char *root, uid_t uid, const char *config_home, struct unit **ret,
			struct err *err)
{
	*ret = NULL;
	if (uid != 0) {
		int r = read_installed(root, "user", config_home, ret, err);
		if (r < 0 || *ret)
			return r;
	}
	return read_installed(root, "system", NULL, ret, err);
}

struct unit *unit_free(struct unit *unit)
{
	if (!unit)
		return NULL;
	for (size_t i = 0; i < unit->setting_count; i++) {
		free(unit->settings[i].key);
		free(unit->settings[i].value);
	}
	for (size_t i = 0; i < unit->file_count; i++)
		free(unit->files[i]);
	free(unit->settings);
	free(unit->files);
	free(unit);
	return NULL;
}
