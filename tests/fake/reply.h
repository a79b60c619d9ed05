/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From the reply that a handler and the rules made to what libmicrohttpd sends. */

#include "request.h"

/* Takes the reply's body; the caller queues and destroys the response. */
struct MHD_Response *reply_response(struct request *request);
