/* SPDX-License-Identifier: Apache-2.0 */
/* A work item as a poll's reply has it, and as a list's row. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "queue/work.h"

#include <string.h>

static bool is_a_message(const char *text)
{
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == '\x7f')
			return false;
	return text[0] != '\0';
}

static void offer(struct json_object *json)
{
	struct work_item item = {0};
	struct err why = {0};
	char print[17];

	enum work_verdict verdict = work_parse(json, "env_1", &item, &why);
	must(verdict == WORK_RUN || verdict == WORK_REFUSE || verdict == WORK_SKIP);
	if (verdict != WORK_SKIP)
		must(text_is_id(item.id));
	if (verdict == WORK_RUN) {
		must(text_is_id(item.session_id));
		must((item.secret == NULL) == (item.sessions_token == NULL));
	} else {
		must(is_a_message(why.text));
		must(!item.secret && !item.sessions_token);
	}
	work_fingerprint(print, json);
	must(strlen(print) == 16);
	work_item_done(&item);
}

static void row(struct json_object *json)
{
	struct work_status status;

	if (work_status_parse(json, &status) < 0)
		return;
	must(text_is_id(status.id));
	must(work_state_name(status.state));
	must(status.latest_heartbeat_at_ms >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *json = NULL;

	if (json_parse((const char *)data, size, &json) < 0)
		return 0;
	offer(json);
	row(json);
	json_object_put(json);
	return 0;
}
