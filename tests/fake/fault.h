/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the members of a rule do to one request. The merged rules are in request->fault; all of
 * these do nothing when it is NULL.
 */

#include "request.h"

/* True when the member `key` is the string `when`, as in "cut": "before". */
bool fault_is(const struct request *request, const char *key, const char *when);

/* The member as a number; 0 when absent. */
int64_t fault_number(const struct request *request, const char *key);

/* True when the rule gives the whole reply and does not want the request processed. */
bool fault_replaces(const struct request *request);

/* Kills the process named in the rule's pid_file with SIGKILL and waits until it is dead. */
void fault_kill(const struct request *request);

/* Makes the request's JSON what the rule wants it to have been. */
void fault_misread(struct request *request);

/* Makes the reply what the rule wants it to be. */
void fault_rewrite(struct request *request);

/* Turns the reply's body into a stream where the rule wants it slow, huge or cut. */
void fault_slow(struct request *request, uint64_t *ret_size);

/* Writes the rule's raw bytes instead of a reply; false when there are none. */
bool fault_raw(const struct request *request);
