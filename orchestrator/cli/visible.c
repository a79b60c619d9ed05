/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/visible.h"

static unsigned char bytes_after(unsigned char lead)
{
	if (lead >= 0xf0)
		return 3;
	if (lead >= 0xe0)
		return 2;
	return lead >= 0xc0 ? 1 : 0;
}

/* True if the next byte is one that a terminal obeys. */
static bool is_control(struct visible *visible, unsigned char byte)
{
	bool is_second_set = byte >= 0x80 && byte < 0xa0;

	if (byte >= 0x80 && byte < 0xc0 && visible->left > 0) {
		is_second_set &= visible->is_second_set;
		visible->left--;
	} else {
		visible->left = bytes_after(byte);
	}
	visible->is_second_set = byte == 0xc2;
	return is_second_set || byte == 0x7f ||
	       (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t');
}

void visible_feed(struct visible *visible, const char *data, size_t len, visible_fn fn, void *arg)
{
	const char *shown = data, *end = data + len;

	for (; data < end; data++) {
		unsigned char byte = (unsigned char)*data;
		if (!is_control(visible, byte))
			continue;
		/* U+009B and ESC [ are the same: 0x40 lies between a control and its letter. */
		const char seven_bit[] = {'^', '[', (char)(byte - 0x40)};
		const char caret[] = {'^', (char)(byte ^ 0x40)};
		if (data > shown)
			fn(shown, (size_t)(data - shown), arg);
		if (byte >= 0x80)
			fn(seven_bit, sizeof(seven_bit), arg);
		else
			fn(caret, sizeof(caret), arg);
		shown = data + 1;
	}
	if (end > shown)
		fn(shown, (size_t)(end - shown), arg);
}
