/* SPDX-License-Identifier: Apache-2.0 */
/* Formats of /proc: proc(5). */
#include "doctor/inside.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "engine/message.h"
#include "io/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char script[] =
	"while read -r line; do\n"
	"  case $line in Uid:*|Gid:*|CapBnd:*|NoNewPrivs:*|Seccomp:*) echo \"$line\";; esac\n"
	"done </proc/self/status\n"
	"while read -r line; do\n"
	"  case $line in 'Max open files'*|'Max processes'*|'Max core file size'*)\n"
	"    echo \"$line\";; esac\n"
	"done </proc/self/limits\n"
	"while read -r _ _ _ _ at options _; do\n"
	"  [ \"$at\" = / ] && echo \"root: ${options%%,*}\"\n"
	"done </proc/self/mountinfo\n"
	"for place; do\n"
	"  { : >\"$place/.berth-doctor\"; } 2>/dev/null || echo \"closed: $place\"\n"
	"done\n"
	"for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt \\\n"
	"  /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do\n"
	"  [ -s \"$file\" ] && echo \"ca: $file\" && break\n"
	"done\n"
	"version=$(node --version 2>/dev/null) && echo \"node: $version\"\n"
	"[ \"$NODE_USE_ENV_PROXY\" = 1 ] && echo 'node_uses_proxy: 1'\n"
	"for name in HTTPS_PROXY https_proxy HTTP_PROXY http_proxy; do\n"
	"  [ -n \"${!name}\" ] && echo \"proxy: $name\" && break\n"
	"done\n"
	"echo end\n";

char **inside_command(const char *const *places, size_t count)
{
	static const char *const words[] = {"/bin/bash", "-c", script, "berth-doctor"};
	char **command = xcalloc(ARRAY_SIZE(words) + count + 1, sizeof(*command));

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		command[i] = xstrdup(words[i]);
	for (size_t i = 0; i < count; i++)
		command[ARRAY_SIZE(words) + i] = xstrdup(places[i]);
	return command;
}

char **inside_free_command(char **command)
{
	for (size_t i = 0; command && command[i]; i++)
		free(command[i]);
	free(command);
	return NULL;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The text behind `name` and white space, or NULL. */
static const char *value_of(const char *line, const char *name)
{
	if (!text_starts_with(line, name))
		return NULL;
	line += strlen(name);
	return line + strspn(line, " \t");
}

static void keep(char *into, size_t size, const char *text)
{
	char clean[MESSAGE_MAX];

	message_clean(clean, text, strlen(text), NULL);
	(void)snprintf(into, size, "%.*s", (int)size - 1, clean);
}

static void read_number(const char *line, const char *name, int64_t *ret)
{
	const char *value = value_of(line, name);

	if (value)
		*ret = strtoll(value, NULL, 10);
}

/* "Max open files   SOFT   HARD   files". */
static void read_limit(const char *line, const char *name, int64_t *ret)
{
	const char *value = value_of(line, name);

	if (!value)
		return;
	value += strcspn(value, " ");
	value += strspn(value, " ");
	*ret = text_starts_with(value, "unlimited") ? PROCESS_UNLIMITED : strtoll(value, NULL, 10);
}

static void read_closed(struct inside *inside, const char *place)
{
	size_t len = strlen(inside->closed);

	if (len > 0 && len + 1 < sizeof(inside->closed))
		inside->closed[len++] = ' ';
	keep(inside->closed + len, sizeof(inside->closed) - len, place);
}

static void read_line(struct inside *inside, const char *line)
{
	const char *value;

	read_number(line, "Uid:", &inside->uid);
	read_number(line, "Gid:", &inside->gid);
	read_number(line, "NoNewPrivs:", &inside->no_new_privileges);
	read_number(line, "Seccomp:", &inside->seccomp);
	read_limit(line, "Max open files", &inside->nofile);
	read_limit(line, "Max processes", &inside->nproc);
	read_limit(line, "Max core file size", &inside->core_bytes);
	if ((value = value_of(line, "CapBnd:"))) {
		inside->capabilities = strtoull(value, NULL, 16);
		inside->has_capabilities = true;
	} else if ((value = value_of(line, "root:"))) {
		inside->has_read_only_root = strcmp(value, "ro") == 0;
	} else if ((value = value_of(line, "closed:"))) {
		read_closed(inside, value);
	} else if ((value = value_of(line, "ca:"))) {
		keep(inside->ca, sizeof(inside->ca), value);
	} else if ((value = value_of(line, "node:"))) {
		keep(inside->node, sizeof(inside->node), value);
	} else if ((value = value_of(line, "proxy:"))) {
		keep(inside->proxy, sizeof(inside->proxy), value);
	} else if (value_of(line, "node_uses_proxy:")) {
		inside->node_uses_proxy = true;
	} else if (strcmp(line, "end") == 0) {
		inside->is_complete = true;
	}
}

void inside_parse(const char *output, struct inside *ret)
{
	_cleanup_free_ char *text = xstrdup(output);
	char *rest = text, *line;

	*ret = (struct inside){.uid = -1,
			       .gid = -1,
			       .no_new_privileges = -1,
			       .seccomp = -1,
			       .nofile = PROCESS_UNLIMITED,
			       .nproc = PROCESS_UNLIMITED,
			       .core_bytes = PROCESS_UNLIMITED};
	while ((line = strsep(&rest, "\n"))) {
		size_t len = strlen(line);
		if (len > 0 && line[len - 1] == '\r')
			line[len - 1] = '\0';
		read_line(ret, line);
	}
}
