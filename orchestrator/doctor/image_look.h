#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine knows of an image that it may have. Nothing is pulled. */
#include "cli/visit.h"
#include "engine/image.h"

struct image_look {
	enum engine_outcome outcome; /* ENGINE_NOT_FOUND: it has none of that name */
	struct err err;		     /* unless ENGINE_OK */
	struct image_facts facts;    /* with ENGINE_OK; release with image_facts_done() */
};

void image_look(struct visit *visit, struct visited_engine *on, const char *image,
		struct image_look *ret);
