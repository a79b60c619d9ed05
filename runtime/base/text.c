/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit duration_units[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};

static const struct unit size_units[] = {
	{"", 1},
	{"B", 1},
	{"KiB", (int64_t)1 << 10},
	{"MiB", (int64_t)1 << 20},
	{"GiB", (int64_t)1 << 30},
	{"TiB", (int64_t)1 << 40},
	{"KB", 1000},
	{"MB", 1000000},
	{"GB", 1000000000},
	{"TB", 1000000000000},
};

/* Reads digits at *text into *ret and moves *text behind them. */
static int take_number(const char **text, int64_t *ret)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	errno = 0;
	int64_t value = strtoll(*text, &end, 10);
	if (errno != 0)
		return -ERANGE;
	*text = end;
	*ret = value;
	return 0;
}

static const struct unit *find_unit(const struct unit *units, size_t count, const char *name,
				    size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(units[i].name) == len && strncmp(units[i].name, name, len) == 0)
			return &units[i];
	return NULL;
}

int text_parse_duration(const char *text, int64_t *ret_ms)
{
	int64_t total = 0, number, part;

	if (strcmp(text, "0") == 0) {
		*ret_ms = 0;
		return 0;
	}
	if (*text == '\0')
		return -EINVAL;
	while (*text != '\0') {
		int r = take_number(&text, &number);
		if (r < 0)
			return r;
		size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz");
		const struct unit *unit =
			find_unit(duration_units, ARRAY_SIZE(duration_units), text, len);
		if (!unit)
			return -EINVAL;
		if (__builtin_mul_overflow(number, unit->factor, &part) ||
		    __builtin_add_overflow(total, part, &total))
			return -ERANGE;
		text += len;
	}
	*ret_ms = total;
	return 0;
}

int text_parse_size(const char *text, int64_t *ret_bytes)
{
	int64_t number, bytes;

	int r = take_number(&text, &number);
	if (r < 0)
		return r;
	const struct unit *unit = find_unit(size_units, ARRAY_SIZE(size_units), text, strlen(text));
	if (!unit)
		return -EINVAL;
	if (__builtin_mul_overflow(number, unit->factor, &bytes))
		return -ERANGE;
	*ret_bytes = bytes;
	return 0;
}

int text_parse_int(const char *text, int64_t *ret)
{
	bool negative = *text == '-';
	int64_t number;

	text += negative ? 1 : 0;
	int r = take_number(&text, &number);
	if (r < 0)
		return r;
	if (*text != '\0')
		return -EINVAL;
	*ret = negative ? -number : number;
	return 0;
}

void text_format_duration(char into[32], int64_t ms)
{
	size_t used = 0;

	into[0] = '\0';
	for (size_t i = ARRAY_SIZE(duration_units); i-- > 0 && used < 28;) {
		int64_t count = ms / duration_units[i].factor;
		if (count == 0)
			continue;
		ms -= count * duration_units[i].factor;
		used += (size_t)snprintf(into + used, 32 - used, "%" PRId64 "%s", count,
					 duration_units[i].name);
	}
	if (used == 0)
		(void)snprintf(into, 32, "0");
}

void text_format_size(char into[32], int64_t bytes)
{
	static const char *const units[] = {"", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;

	while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < ARRAY_SIZE(units)) {
		bytes /= 1024;
		unit++;
	}
	(void)snprintf(into, 32, "%" PRId64 "%s", bytes, units[unit]);
}

void text_format_time(char into[32], int64_t epoch_ms)
{
	time_t seconds = (time_t)(epoch_ms / 1000);
	char date[24] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(into, 32, "%s.%03dZ", date, (int)(epoch_ms % 1000));
}

/* Reads "+02:00", "-07:30" or "Z" into minutes east of UTC. */
static int parse_offset(const char *text, int *ret_minutes)
{
	static const char shape[] = "+dd:dd";

	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
		*ret_minutes = 0;
		return 0;
	}
	if (strlen(text) != strlen(shape) || (text[0] != '+' && text[0] != '-') || text[3] != ':')
		return -EINVAL;
	for (size_t i = 1; i < strlen(shape); i++)
		if (shape[i] == 'd' && !isdigit((unsigned char)text[i]))
			return -EINVAL;
	int hours = (text[1] - '0') * 10 + text[2] - '0';
	int minutes = (text[4] - '0') * 10 + text[5] - '0';
	if (hours > 23 || minutes > 59)
		return -EINVAL;
	*ret_minutes = (hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
	return 0;
}

int text_parse_time(const char *text, int64_t *ret_epoch_ms)
{
	struct tm tm = {0};
	int milliseconds = 0, offset;

	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest || tm.tm_year < 70)
		return -EINVAL;
	if (*rest == '.') {
		rest++;
		for (int weight = 100; isdigit((unsigned char)*rest); rest++, weight /= 10)
			milliseconds += (*rest - '0') * weight;
	}
	if (parse_offset(rest, &offset) < 0)
		return -EINVAL;
	*ret_epoch_ms = ((int64_t)timegm(&tm) - (int64_t)offset * 60) * 1000 + milliseconds;
	return 0;
}

bool text_is_id(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_-");
	return text[len] == '\0' && len >= 1 && len <= 128;
}

int text_add_url_component(struct buf *buf, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = isalnum(c) || strchr("-._~", c);
		int r = plain ? buf_add(buf, text, 1) : buf_addf(buf, "%%%02X", c);
		if (r < 0)
			return r;
	}
	return 0;
}

int text_add_base64_decoded(struct buf *buf, const char *text, size_t len)
{
	while (len > 0 && text[len - 1] == '=')
		len--;
	if (len % 4 == 1 || len > (size_t)1 << 24)
		return -EINVAL;

	size_t padded = (len + 3) / 4 * 4;
	_cleanup_free_ char *in = xmalloc(padded + 1);
	_cleanup_free_ unsigned char *out = xmalloc(padded / 4 * 3 + 1);
	for (size_t i = 0; i < padded; i++) {
		char c = (char)(i < len ? text[i] : '=');
		if (i < len && !isalnum((unsigned char)c) && (c == '\0' || !strchr("+/-_", c)))
			return -EINVAL;
		in[i] = (char)(c == '-' ? '+' : c == '_' ? '/' : c);
	}
	int decoded = padded > 0 ? EVP_DecodeBlock(out, (unsigned char *)in, (int)padded) : 0;
	explicit_bzero(in, padded);
	if (decoded < 0)
		return -EINVAL;
	int r = buf_add(buf, out, (size_t)decoded - (padded - len));
	explicit_bzero(out, padded / 4 * 3);
	return r;
}

int text_add_base64(struct buf *buf, const void *data, size_t len, bool url_safe)
{
	if (len > (size_t)1 << 24)
		return -E2BIG;

	size_t size = (len + 2) / 3 * 4;
	_cleanup_free_ unsigned char *out = xmalloc(size + 1);
	int written = EVP_EncodeBlock(out, data, (int)len);
	for (int i = 0; url_safe && i < written; i++)
		out[i] = (unsigned char)(out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i]);
	int r = buf_add(buf, out, (size_t)written);
	explicit_bzero(out, size);
	return r;
}

void text_sha256(char into[65], const void *data, size_t len)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (EVP_Digest(data, len, digest, &size, EVP_sha256(), NULL) != 1)
		abort();
	for (unsigned int i = 0; i < size && i < 32; i++)
		(void)snprintf(into + (size_t)2 * i, 3, "%02x", digest[i]);
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

/* Levenshtein distance, ignoring case; words are short. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64], length = strlen(b);

	if (length >= ARRAY_SIZE(row))
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t above = row[j];
			int same = tolower((unsigned char)a[i - 1]) ==
				   tolower((unsigned char)b[j - 1]);
			row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (same ? 0 : 1));
			diagonal = above;
		}
	}
	return row[length];
}

/* The first word that begins with `text`, unless that is too short to mean anything. */
static const char *first_begun(const char *text, const char *const *words, size_t count)
{
	size_t length = strlen(text);

	for (size_t i = 0; length >= 3 && i < count; i++)
		if (strncmp(words[i], text, length) == 0)
			return words[i];
	return NULL;
}

const char *text_nearest(const char *text, const char *const *words, size_t count)
{
	size_t least = strlen(text) / 3 + 2, nearest = count;

	for (size_t i = 0; i < count; i++) {
		size_t d = distance(text, words[i]);
		if (d < least) {
			least = d;
			nearest = i;
		}
	}
	return nearest < count ? words[nearest] : first_begun(text, words, count);
}

bool text_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

void text_unescape_octal(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (*from == '\\' && strspn(from + 1, "01234567") >= 3) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* Returns the end of what stands now where `length` characters stood. */
static char *mask(char *at, size_t length)
{
	size_t stars = length < 3 ? length : 3;

	memset(at, '*', stars);
	memmove(at + stars, at + length, strlen(at + length) + 1);
	return at + stars;
}

/* How long the word is: to a space or a quotation mark that is not behind a backslash (JSON). */
static size_t word_length(const char *text)
{
	size_t length = 0;

	while ((unsigned char)text[length] > ' ' &&
	       (text[length] != '"' || (length > 0 && text[length - 1] == '\\')))
		length++;
	return length;
}

/* Who is named before the host, where `text` stands behind "://". A password that is not written
 * as it should be may go on behind a '/': then what stands behind the colon is no port. */
static size_t user_length(const char *text)
{
	size_t word = word_length(text), slash = strcspn(text, "/?#");
	size_t host = slash < word ? slash : word;
	const char *at = memrchr(text, '@', host), *colon = memchr(text, ':', host);

	bool is_port = colon && colon + 1 + strspn(colon + 1, "0123456789") >= text + host;
	if (!at && colon && !is_port)
		at = memrchr(text, '@', word);
	return at ? (size_t)(at - text) : 0;
}

size_t text_mask_keys(char *text)
{
	static const char key_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					     "0123456789_-";
	static const char before_host[] = "://";

	for (char *p = strstr(text, TEXT_KEY_PREFIX); p; p = strstr(p, TEXT_KEY_PREFIX)) {
		p += strlen(TEXT_KEY_PREFIX);
		p = mask(p, strspn(p, key_characters));
	}
	for (char *p = strstr(text, before_host); p; p = strstr(p, before_host)) {
		p += strlen(before_host);
		p = mask(p, user_length(p));
	}
	return strlen(text);
}

/* How many bytes follow this one in UTF-8 (RFC 3629, section 4); `*ret_bits` are its own bits of
 * the number. -1: none begins with it. */
static int bytes_after(unsigned char lead, uint32_t *ret_bits)
{
	int after = lead < 0x80	   ? 0
		    : lead < 0xc2  ? -1
		    : lead < 0xe0  ? 1
		    : lead < 0xf0  ? 2
		    : lead <= 0xf4 ? 3
				   : -1;

	*ret_bits = after <= 0 ? lead : lead & (0x3fU >> after);
	return after;
}

/* The length of the character and its number; 0: no UTF-8. */
static size_t decode(const unsigned char *text, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	uint32_t number;

	int after = bytes_after(text[0], &number);
	for (int i = 1; i <= after; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		number = number << 6 | (text[i] & 0x3f);
	}
	if (after < 0 || number < least[after] || number > 0x10ffff ||
	    (number >= 0xd800 && number < 0xe000))
		return 0;
	*ret = number;
	return (size_t)after + 1;
}

/* Unicode's Bidi_Control, and its line and paragraph separators. */
static bool moves_others(uint32_t number)
{
	return number == 0x61c || number == 0x200e || number == 0x200f ||
	       (number >= 0x2028 && number <= 0x202e) || (number >= 0x2066 && number <= 0x2069);
}

size_t text_character(const char *text, bool *ret_shows)
{
	uint32_t number = 0;

	size_t length = decode((const unsigned char *)text, &number);
	*ret_shows = length > 0 && number >= 0x20 && (number < 0x7f || number >= 0xa0) &&
		     !moves_others(number);
	return length > 0 ? length : 1;
}

void text_show(char *text)
{
	bool shows;

	while (*text) {
		size_t length = text_character(text, &shows);
		if (!shows)
			memset(text, '?', length);
		text += length;
	}
}
