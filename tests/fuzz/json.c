/* SPDX-License-Identifier: Apache-2.0 */
/* Any JSON: what is taken for it is that for json-c, too, and means the same; and what is made of
 * some of its members is what is made of them in the whole. */
#include "base/json.h"

#include "fuzz/fuzz.h"

static struct json_object *parse_by_json_c(const char *data, size_t size)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_MAX_DEPTH);

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *object = json_tokener_parse_ex(tokener, data, (int)size);
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		object = json_tokener_parse_ex(tokener, "", 1);
	must(json_tokener_get_error(tokener) == json_tokener_success);
	json_tokener_free(tokener);
	return object;
}

static void check_part(struct json_object *whole, const char *data, size_t size)
{
	static const struct json_wanted inner[] = {{"b", NULL}, {NULL, NULL}};
	static const struct json_wanted wanted[] = {{"a", NULL}, {"c", inner}, {NULL, NULL}};
	struct json_object *part = NULL;

	must(json_parse_wanted(data, size, wanted, &part) == 0);
	must(json_object_get_type(part) == json_object_get_type(whole));
	if (!json_object_is_type(part, json_type_object)) {
		must(json_object_equal(part, whole));
	} else {
		struct json_object *of_whole = json_get(whole, "c"), *of_part = json_get(part, "c");
		must(json_object_object_length(part) <= 2);
		must(json_object_equal(json_get(part, "a"), json_get(whole, "a")));
		must(json_object_get_type(of_part) == json_object_get_type(of_whole));
		must(json_object_equal(json_get(of_part, "b"), json_get(of_whole, "b")));
	}
	json_object_put(part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct json_object *whole = NULL;

	if (json_parse(text, size, &whole) < 0)
		return 0;
	struct json_object *reference = parse_by_json_c(text, size);
	must(json_object_equal(whole, reference));
	check_part(whole, text, size);
	json_object_put(reference);
	json_object_put(whole);
	return 0;
}
