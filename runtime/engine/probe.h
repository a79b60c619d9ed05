#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine says about itself (/_ping, /version, /info), and whether berth can work with it.
 * Pure. Every refusal is ERR_REFUSED and says what to do.
 */
#include "base/err.h"
#include "base/json.h"
#include "engine/dialect.h"

struct probe {
	const struct dialect *dialect;
	char engine_version[64]; /* "20.10.24" */
	struct api_version api;	 /* that is spoken from now on */
	char *data_root;	 /* NULL: not said */
};

void probe_done(struct probe *probe);

/* Which kind of engine answered a ping. `libpod` is the value of its Libpod-API-Version header,
 * NULL: it has none. */
int probe_detect(struct probe *probe, const char *libpod, struct err *err);

/* The body of GET /version: the newest API that both sides know, refused when there is none.
 * ERR_ENGINE (-EBADMSG) for a reply that makes no sense. */
int probe_read_version(struct probe *probe, struct json_object *version, struct err *err);

/* The body of GET /info. */
int probe_read_info(struct probe *probe, struct json_object *info, struct err *err);
