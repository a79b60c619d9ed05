/* SPDX-License-Identifier: Apache-2.0 */
/* A work item as a poll's reply has it, and as a list's row. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "queue/work.h"

#include <string.h>

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
		must(fuzz_is_message(why.text));
		must(!item.secret && !item.sessions_token);
	}
	work_fingerprint(print, json);
	must(strlen(print) == 16);
	work_item_done(&item);
}

/* The same item with this secret: the verdict stays, only what is run has the token, and neither
 * what is said of it nor what tells it from others shows which secret it was. */
static void offer_with_secret(struct json_object *json, const char *secret, const char *token,
			      char print[17], struct err *why)
{
	struct work_item item = {0};

	if (!json_object_is_type(json, json_type_object))
		return;
	json_add_string(json, "secret", secret);
	*why = (struct err){0};
	if (work_parse(json, "env_1", &item, why) == WORK_RUN) {
		must(item.secret && strcmp(secret_reveal(item.secret), secret) == 0);
		must(strcmp(secret_reveal(item.sessions_token), token) == 0);
	}
	work_fingerprint(print, json);
	work_item_done(&item);
}

static void offer_with_secrets(struct json_object *json)
{
	struct err why[2] = {0};
	char prints[2][17] = {"", ""};

	offer_with_secret(json, "eyJzZXNzaW9uc190b2tlbiI6InNrLTEifQ", "sk-1", prints[0], &why[0]);
	offer_with_secret(json, "eyJzZXNzaW9uc190b2tlbiI6InNrLTIifQ", "sk-2", prints[1], &why[1]);
	must(strcmp(prints[0], prints[1]) == 0);
	must(why[0].kind == why[1].kind && strcmp(why[0].text, why[1].text) == 0);
}

static void check_time(int64_t epoch_ms)
{
	int64_t again;
	char text[32];

	if (epoch_ms <= 0)
		return;
	text_format_time(text, epoch_ms);
	must(text_parse_time(text, &again) == 0 && again == epoch_ms);
}

static void row(struct json_object *json)
{
	struct work_status status;

	if (work_status_parse(json, &status) < 0)
		return;
	must(text_is_id(status.id));
	must(work_state_name(status.state));
	must(status.latest_heartbeat_at_ms >= 0);
	check_time(status.acknowledged_at_ms);
	check_time(status.started_at_ms);
	check_time(status.latest_heartbeat_at_ms);
	check_time(status.stop_requested_at_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_object *json = NULL;

	if (json_parse((const char *)data, size, &json) < 0)
		return 0;
	offer(json);
	row(json);
	offer_with_secrets(json);
	json_object_put(json);
	return 0;
}
