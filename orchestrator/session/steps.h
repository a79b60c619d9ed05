#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* The step that each state starts on entry, and what several of them share. Private to session/. */
#include "session/session.h"

/* launch.c, verifying.c, adopting.c: from a claimed item to a running container */
void step_staging(struct session *session);
void step_creating(struct session *session);
void step_replacing(struct session *session);
void step_verifying(struct session *session);
void step_starting(struct session *session);
void step_adopting(struct session *session);

/* ack.c: the conversation with the queue about taking the item */
void step_acking(struct session *session);
void step_confirming(struct session *session);
void step_refusing(struct session *session);
/* Asks about its item at once, for the last time. False: that was done. */
bool refuse_at_last(struct session *session);
/* Sends the ack now if it was not sent yet, whatever the state is. */
void ack_send(struct session *session);

/* ending.c: from a running container to a removed one */
void step_running(struct session *session);
void step_stopping(struct session *session);
void step_killing(struct session *session);
void step_exited(struct session *session);
/* It has ended and all that is wanted of it is kept: what becomes of its item, and of it. */
void session_judge_or_remove(struct session *session);
void step_removing(struct session *session);

/* measuring.c: what it writes to disk. Once it runs; harmless where nothing limits that. */
void session_measure(struct session *session);

/* proving.c: what the kernel says of its process. Once it runs, once. */
void session_prove(struct session *session);

/* capturing.c: the end of its output */
void step_capturing(struct session *session);
/* What its output must not show, from an inspect's reply. */
void session_know_secrets(struct session *session, struct json_object *inspect);
/* True if its output is there to be kept, and shall be. */
bool session_is_captured(const struct session *session);
/* Cancels what is under way. NULL is fine; returns NULL. */
struct capture *capture_free(struct capture *capture);

/* judging.c: what becomes of the item */
void step_judging(struct session *session);
void step_force_stopping(struct session *session);
/* True if the item must be looked up before the session may be forgotten. */
bool session_needs_judging(const struct session *session);
/* A look or a force-stop of its item got no answer; says so once it is the third. */
void session_count_unanswered(struct session *session, const char *why);
/* No other host has acked the item since our container was started. */
bool is_our_ack(const struct session *session, const struct lookup_wait *wait);

/* The launch cannot go on. Before the ack the offer is left and comes again; after it the item is
 * judged. `blame` says whom it counts against. */
void session_fail(struct session *session, enum session_blame blame, const struct err *err);

/* The session's call, for its container. */
void session_inspect(struct session *session, void (*done)(struct engine_call *, void *));
void session_prepare(struct session *session, void (*done)(struct engine_call *, void *));

/* Follows the process that its container has now: a start that had to make it anew gave it another
 * one than was looked at. One that has ended stays known. */
void session_follow(struct session *session, const struct container *container);

/* That moment of loop_now_ms() by the wall clock as it is set now: it may have been another one
 * then. */
int64_t session_wall_ms_of(const struct session *session, uint64_t mono_ms);

/* Runs the current state's step again, then. */
void session_again_in(struct session *session, uint64_t ms);
/* Runs the current state's step again, after a pause that grows with session->attempts. */
void session_retry(struct session *session);
/* The same, by another count of attempts. */
void session_pause(struct session *session, unsigned attempts);

/* Gives the slot back, once. */
void session_free_slot(struct session *session);
