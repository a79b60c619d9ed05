/* SPDX-License-Identifier: Apache-2.0 */
/* What the settings of a unit say. */
#include "base/cleanup.h"
#include "base/text.h"
#include "config/unit.h"

#include <errno.h>
#include <string.h>

const struct unit_setting *unit_get(const struct unit *unit, const char *key)
{
	for (size_t i = unit->setting_count; i > 0; i--) {
		const struct unit_setting *setting = &unit->settings[i - 1];
		if (strcmp(setting->key, key) == 0)
			return setting->value[0] != '\0' ? setting : NULL;
	}
	return NULL;
}

/* --- words: between spaces, one pair of quotes taken off ---------------------------------------
 */

#define SPACES " \t"

/* The next word of *rest, which moves on; NULL at the end. The caller's. */
static char *next_word(const char **rest)
{
	const char *text = *rest + strspn(*rest, SPACES);
	bool is_quoted = *text == '"' || *text == '\'';

	if (*text == '\0')
		return NULL;
	const char *end = !is_quoted ? SPACES : *text == '"' ? "\"" : "'";
	text += is_quoted;
	size_t length = strcspn(text, end);
	*rest = text + length + (is_quoted && text[length] != '\0');
	return xstrndup(text, length);
}

static bool list_has(const char *list, const char *word)
{
	char *each;

	while ((each = next_word(&list))) {
		bool is_it = strcmp(each, word) == 0;
		free(each);
		if (is_it)
			return true;
	}
	return false;
}

bool unit_has_word(const struct unit *unit, const char *key, const char *word)
{
	bool has = false;

	for (size_t i = 0; i < unit->setting_count; i++) {
		const struct unit_setting *setting = &unit->settings[i];
		if (strcmp(setting->key, key) == 0)
			has = setting->value[0] != '\0' && (has || list_has(setting->value, word));
	}
	return has;
}

bool unit_has_argument(const struct unit *unit, const char *word)
{
	const struct unit_setting *start = unit_get(unit, "ExecStart");

	return start && list_has(start->value, word);
}

char *unit_flag(const struct unit *unit, const char *flag)
{
	const struct unit_setting *start = unit_get(unit, "ExecStart");
	const char *rest = start ? start->value : "";
	size_t length = strlen(flag);
	char *word, *value = NULL;

	while (!value && (word = next_word(&rest))) {
		if (strcmp(word, flag) == 0)
			value = next_word(&rest);
		else if (text_starts_with(word, flag) && word[length] == '=')
			value = xstrdup(word + length + 1);
		free(word);
	}
	return value;
}

/* --- times ------------------------------------------------------------------------------------ */

#define SECOND 1e3
#define DAY    (86400 * SECOND)

static const struct {
	const char *names; /* each with a space on both sides */
	double ms;
} time_units[] = {
	{" us usec \302\265s ", 1e-3},	      {" ms msec ", 1},
	{"  s sec second seconds ", SECOND},  {" m min minute minutes ", 60 * SECOND},
	{" h hr hour hours ", 3600 * SECOND}, {" d day days ", DAY},
	{" w week weeks ", 7 * DAY},	      {" M month months ", 30.44 * DAY},
	{" y year years ", 365.25 * DAY},
};

/* Milliseconds of a unit with a name of `length` bytes; without a name a second. 0: no such. */
static double unit_ms(const char *name, size_t length)
{
	_cleanup_free_ char *padded = xasprintf(" %.*s ", (int)length, name);

	for (size_t i = 0; i < ARRAY_SIZE(time_units); i++)
		if (strstr(time_units[i].names, padded))
			return time_units[i].ms;
	return 0;
}

/* Takes one number with its unit from *text, which moves on; in milliseconds, below 0: it is none.
 */
static double take_time(const char **text)
{
	size_t digits = strspn(*text, "0123456789.");
	_cleanup_free_ char *number = xstrndup(*text, digits);
	char *end;

	double value = strtod(number, &end);
	if (digits == 0 || *end != '\0')
		return -1;
	const char *name = *text + digits + strspn(*text + digits, SPACES);
	size_t length = strcspn(name, SPACES "0123456789.");
	double ms = unit_ms(name, length);
	*text = name + length + strspn(name + length, SPACES);
	return ms > 0 ? value * ms : -1;
}

int unit_parse_time(const char *text, int64_t *ret_ms)
{
	double sum = 0;

	if (strcmp(text, "infinity") == 0) {
		*ret_ms = INT64_MAX;
		return 0;
	}
	text += strspn(text, SPACES);
	do {
		double ms = take_time(&text);
		if (ms < 0)
			return -EINVAL;
		sum += ms;
	} while (*text != '\0');
	*ret_ms = sum < 9e15 ? (int64_t)sum : INT64_MAX;
	return 0;
}
