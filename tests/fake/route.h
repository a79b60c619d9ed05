/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The operations of the engine: which method and path is which operation, and who handles it.
 */

#include "request.h"

struct route {
	const char *op; /* the name rules and the journal use */
	const char *method;
	const char *path; /* may hold one {id}: a segment; or {name}: also several segments */
	void (*handle)(struct request *request);
};

/* The row of a table that fits the request's method and path; sets its target. */
const struct route *route_lookup(struct request *request, const struct route *table, size_t rows);

/* Finds the request's route and target, and cuts the version prefix off its path. */
void route_find(struct request *request);

/* True when the request speaks an API older than that; without a version it speaks the newest. */
bool route_version_below(const struct request *request, const char *version);

/* Answers by the route's handler, or as Docker answers wrong versions and unknown pages. */
void route_handle(struct request *request);
