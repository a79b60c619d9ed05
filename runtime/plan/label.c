/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/label.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static const char *const placeholders[] = {"work_id", "session_id"};

/* The length of the word in "{word}" at `text`, 0 if there is none. */
static size_t word_length(const char *text)
{
	size_t len = text[0] == '{' ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_") : 0;

	return len > 0 && text[1 + len] == '}' ? len : 0;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(text + 1, word, len) == 0;
}

int label_check(const struct name_value *label, struct err *err)
{
	for (const char *p = label->value; *p != '\0'; p++) {
		size_t len = word_length(p);
		if (len == 0 || is_word(p, len, placeholders[0]) ||
		    is_word(p, len, placeholders[1]))
			continue;
		_cleanup_free_ char *word = xstrndup(p + 1, len);
		const char *meant = text_nearest(word, placeholders, ARRAY_SIZE(placeholders));
		return err_set(err, ERR_REFUSED, -EPERM,
			       "'%s' holds {%s}, which stands for nothing; there are {work_id} "
			       "and {session_id}%s%s%s",
			       label->name, word, meant ? ": did you mean {" : "",
			       meant ? meant : "", meant ? "}?" : "");
	}
	return 0;
}

char *label_expand(const char *value, const char *work_id, const char *session_id)
{
	struct buf text;

	/* The operator's own text, grown by ids of bounded length. */
	buf_init(&text, SIZE_MAX / 2);
	while (*value != '\0') {
		size_t len = word_length(value);
		if (is_word(value, len, placeholders[0]))
			(void)!buf_adds(&text, work_id);
		else if (is_word(value, len, placeholders[1]))
			(void)!buf_adds(&text, session_id);
		else
			(void)!buf_add(&text, value, len > 0 ? len + 2 : 1);
		value += len > 0 ? len + 2 : 1;
	}
	return buf_take(&text);
}
