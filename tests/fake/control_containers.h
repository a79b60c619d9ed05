/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The part of the control interface that looks at containers and interferes with them. */

#include "request.h"

void control_list(struct request *request);
void control_add(struct request *request);
void control_exit(struct request *request);
void control_removing(struct request *request);
void control_say(struct request *request);
void control_lose_conmon(struct request *request);
