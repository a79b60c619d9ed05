#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* A call as the control plane reads it. */
#include "world/plane_internal.h"

struct request {
	struct plane *plane;
	struct wire_call *call;
	uint64_t number;
	char *segments[8]; /* of the path, decoded; what is beyond is no call that there is */
	size_t segment_count;
	const char *query;	   /* as it was sent */
	struct plane_queue *queue; /* of the path, once the call is admitted */
	struct plane_item *item;   /* of the path, if it names one */
};

/* Counts it, too. */
void request_read(struct request *request, struct plane *plane, struct wire_call *call);
void request_done(struct request *request);

/* The first value of that name, the caller's; NULL: there is none. */
char *request_query(const struct request *request, const char *name);
/* The header's last value, the caller's; NULL: there is none. */
char *request_header(const struct wire_call *call, const char *name);
