#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Whether anybody answers at a URL, whatever the answer is. No key is sent. */
#include "cli/visit.h"

/* ERR_INPUT, ERR_TEMPORARY. */
int url_look(struct visit *visit, const struct fleet *fleet, const char *url, struct err *err);
