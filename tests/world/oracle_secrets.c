/* SPDX-License-Identifier: Apache-2.0 */
/* What berth says: no secret, no bug, and a record of everything that ran. */
#include "base/cleanup.h"
#include "base/json.h"
#include "base/log.h"
#include "world/oracle_parts.h"

#include <stdio.h>
#include <string.h>

/* Every key and token of a world begins with "sk-ant-"; what follows is that in base64, at each of
 * the three places that it can have in a longer text, without what its neighbours decide. */
bool has_secret(const char *text)
{
	static const char *const forms[] = {"sk-ant-", "c2stYW50L", "NrLWFudC", "zay1hbnQt"};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (strstr(text, forms[i]))
			return true;
	return false;
}

static enum session_state state_named(const char *name, size_t len)
{
	for (unsigned state = 0; state < SESSION_STATES; state++) {
		const char *candidate = session_state_name(state);
		if (strlen(candidate) == len && strncmp(candidate, name, len) == 0)
			return state;
	}
	return SESSION_STATES;
}

/* Returns where it leads. */
static enum session_state count_edge(struct oracle *oracle, const char *edge)
{
	const char *arrow = strstr(edge, "->");
	enum session_state from = state_named(edge, (size_t)(arrow - edge));
	enum session_state to = state_named(arrow + 2, strlen(arrow + 2));

	oracle->report->edges[from][to]++;
	return to;
}

void oracle_log_line(struct oracle *oracle, const struct host_log_line *line)
{
	const char *const texts[] = {line->event, line->environment, line->session,
				     line->work,  line->container,   line->message};
	const char *edge = NULL;

	oracle->report->log_lines++;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i] && has_secret(texts[i]))
			oracle_fail(oracle, "a secret in the log: event=%s", line->event);
	for (const struct log_field *field = line->fields; field && field->name; field++) {
		if (field->value && has_secret(field->value))
			oracle_fail(oracle, "a secret in the log: event=%s %s", line->event,
				    field->name);
		if (strcmp(field->name, "state") == 0 && field->value && strstr(field->value, "->"))
			edge = field->value;
	}
	struct trace *trace = line->container ? trace_find(oracle, line->container) : NULL;
	if (trace && strcmp(line->event, "adopted") == 0)
		trace->was_adopted = true;
	struct plane_work *work = line->work ? plane_find(oracle->plane, line->work) : NULL;
	if (work && strcmp(line->event, "stuck") == 0)
		witness_of(work)->is_called_stuck = true;
	if (work && strcmp(line->event, "undecided") == 0 && line->message &&
	    strstr(line->message, "berth queue stop"))
		witness_of(work)->is_given_up = true;
	if (strcmp(line->event, "bug") == 0)
		oracle_fail(oracle, "berth calls it a bug: %s", line->message);
	if (strcmp(line->event, "state") == 0 && edge) {
		enum session_state state = count_edge(oracle, edge);
		if (trace) {
			trace->known_by = line->host->incarnation;
			trace->is_going = state == SESSION_REMOVING;
			oracle_believe(oracle, trace, state);
		}
	}
}

/* --- records ---------------------------------------------------------------------------------- */

static void read_record(struct oracle *oracle, const char *line)
{
	_cleanup_(json_putp) struct json_object *record = NULL;

	if (has_secret(line))
		oracle_fail(oracle, "a secret in a record");
	if (json_parse(line, strlen(line), &record) < 0) {
		oracle_fail(oracle, "a record that is no JSON: %.80s", line);
		return;
	}
	oracle->report->records++;
	const char *id = json_get_string(record, "container");
	struct trace *trace = id ? trace_find(oracle, id) : NULL;
	const char *work = json_get_string(record, "work");
	if (!trace)
		oracle_fail(oracle, "a record of a container that never was: %.80s", line);
	else if (!work || strcmp(work, trace->work_id) != 0)
		oracle_fail(oracle, "a record of %s says that it was for %s", trace->work_id, work);
	else
		trace->records++;
}

static void read_records(struct oracle *oracle, const struct oracle_host *host)
{
	_cleanup_free_ char *path = xasprintf("%s/records.jsonl", host->state_dir);
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return;
	while (getline(&line, &room, file) > 0)
		read_record(oracle, line);
	(void)fclose(file);
}

/* One that a stranger took away is missed by the berth that knew it then, unless it ended soon
 * after. One that a forgotten start has run while it was being removed is not looked at again.
 * Where a start was cut off the engine never says that it ran: without its process only a
 * berth that has seen it run knows. */
static bool was_there_to_be_seen(const struct trace *trace)
{
	if (trace->was_started_going)
		return false;
	if (trace->was_cut_off && trace->believed_by != trace->removed_incarnation)
		return false;
	return trace->was_removed_by_berth || trace->container ||
	       (trace->removed_incarnation != 0 && trace->known_by == trace->removed_incarnation &&
		trace->removed_incarnation == trace->made_by->incarnation);
}

void oracle_check_records(struct oracle *oracle)
{
	struct trace *trace, *next;

	for (size_t i = 0; i < oracle->host_count; i++)
		read_records(oracle, &oracle->hosts[i]);
	HASH_ITER (hh, oracle->traces, trace, next)
		if (trace->started_ms != 0 && trace->work_id && trace->records == 0 &&
		    was_there_to_be_seen(trace))
			oracle_fail(oracle, "container %.12s of %s ran, and has no record",
				    trace->id, trace->work_id);
}
