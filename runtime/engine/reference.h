#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* An image reference, [HOST[:PORT]/]NAME[:TAG][@DIGEST], taken apart. Pure. */
#include "base/err.h"

#include <stdbool.h>

struct reference {
	char *name;	/* as written, without tag and digest */
	char *version;	/* what to pull of it: the digest, or the tag, or "latest" */
	char *lookup;	/* what to ask the engine for: a digest stands without its tag */
	char *registry; /* host[:port] it comes from; "docker.io" where none is written */
	/* There is nowhere to pull it from: the host is "localhost" (what engines call images
	 * that were built or imported), or it is an image's id. */
	bool is_local;
};

/* ERR_INPUT naming what is wrong. Release with reference_done(). */
int reference_parse(const char *text, struct reference *ret, struct err *err);

/* Safe on a zeroed struct. */
void reference_done(struct reference *reference);
