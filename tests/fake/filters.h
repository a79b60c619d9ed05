/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Docker's `filters` query parameter: {"label":["a=b"]} or the older {"label":{"a=b":true}}.
 */

#include "request.h"

/*
 * Sets `*ret_filters` to {key: [values]}, empty when the parameter is absent. On an error replies
 * and returns false: Docker 20.10 answers 500 to a parameter that is no JSON (measured).
 */
bool filters_parse(struct request *request, struct json_object **ret_filters);

/* True when every label filter ("key" or "key=value") holds for `labels`. */
bool filters_match_labels(struct json_object *filters, struct json_object *labels);

/* True when there is no filter `key`, or one of its values equals / begins `value`. */
bool filters_match(struct json_object *filters, const char *key, const char *value);
bool filters_match_prefix(struct json_object *filters, const char *key, const char *value);

/*
 * True when there is no name filter, or one of its regular expressions finds `name` or, where the
 * engine takes a name `with_slash`, too (Podman's containers have none), "/name".
 */
bool filters_match_name(struct json_object *filters, const char *name, bool with_slash);
