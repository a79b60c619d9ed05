#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A systemd service unit with its drop-ins, read as systemd would, as far as section [Service]
 * goes. Specifiers (%h) are left as they stand. Source: systemd.syntax(7), systemd.unit(5).
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct unit_setting {
	const char *file; /* the unit's */
	unsigned line;
	char *key, *value;
};

struct unit {
	char **files; /* the unit file, then its drop-ins in the order in which they count */
	size_t file_count;
	unsigned section_line; /* of [Service] in the unit file; 1 without one */
	struct unit_setting *settings;
	size_t setting_count;
};

/* Reads `file` and the drop-ins FILE.d/NAME.conf. ERR_INPUT. */
int unit_read(const char *file, struct unit **ret, struct err *err);

/* Reads berth.service with its drop-ins from where systemd would for the system, or with a `uid`
 * other than root's for that user (`config_home`: $XDG_CONFIG_HOME or its default, may be NULL),
 * and else for the system. `root` goes before every path. *ret is NULL where none is installed.
 * ERR_INPUT. */
int unit_read_installed(const char *root, uid_t uid, const char *config_home, struct unit **ret,
			struct err *err);

/* NULL is fine; returns NULL. */
struct unit *unit_free(struct unit *unit);

/* The assignment that counts; NULL where there is none, or an empty one took it back. */
const struct unit_setting *unit_get(const struct unit *unit, const char *key);

/* True if `word` is in the list `key`, to which every assignment adds. */
bool unit_has_word(const struct unit *unit, const char *key, const char *word);

/* The value of a flag ("--config") on the command line of the service; NULL: not there. The
 * caller's. */
char *unit_flag(const struct unit *unit, const char *flag);

/* True if `word` is an argument of the service's program. */
bool unit_has_argument(const struct unit *unit, const char *word);

/* "90", "1min 30s", "infinity" (INT64_MAX) in milliseconds; -EINVAL, with *ret_ms untouched. */
int unit_parse_time(const char *text, int64_t *ret_ms);
