/* SPDX-License-Identifier: Apache-2.0 */
#include "budget_fixture.h"

#include "base/cleanup.h"
#include "io/loop.h"
#include "unit/unit.h"

int budget_set_up(void **state)
{
	struct budget_fixture *f = xcalloc(1, sizeof(*f));

	assert_int_equal(loop_new(&f->loop, NULL), 0);
	captured_log_begin(&f->log);
	*state = f;
	return 0;
}

int budget_tear_down(void **state)
{
	struct budget_fixture *f = *state;

	captured_log_end(&f->log);
	(void)budget_free(f->budget);
	(void)loop_free(f->loop);
	free(f->starts);
	free(f);
	return 0;
}

void budget_of(struct budget_fixture *f, int64_t limit)
{
	(void)budget_free(f->budget);
	f->budget = budget_new(f->loop, limit);
	f->start_count = 0;
}

void note_start(struct budget_fixture *f)
{
	f->starts = xreallocarray(f->starts, f->start_count + 1, sizeof(*f->starts));
	f->starts[f->start_count++] = loop_now_ms(f->loop);
}

void request_now(struct budget_fixture *f)
{
	budget_charge(f->budget);
	note_start(f);
}

static bool go(void *arg)
{
	struct asker *asker = arg;
	bool declines = asker->declines;

	asker->turns++;
	asker->at_ms = loop_now_ms(asker->f->loop);
	asker->place = asker->f->start_count;
	if (!declines)
		request_now(asker->f);
	if (asker->then)
		asker->then(asker);
	return !declines;
}

void asker_init(struct asker *asker, struct budget_fixture *f)
{
	*asker = (struct asker){.f = f};
	budget_turn_init(&asker->turn, go, asker);
}

void ask(struct asker *asker, enum budget_class class)
{
	budget_wait(asker->f->budget, &asker->turn, class, loop_now_ms(asker->f->loop));
}

void use_up(struct budget_fixture *f, unsigned requests)
{
	struct asker asker;

	asker_init(&asker, f);
	for (unsigned i = 1; i <= requests; i++) {
		ask(&asker, BUDGET_WORK);
		fake_run(f->loop, 0);
		assert_int_equal(asker.turns, i);
	}
}

void assert_no_minute_exceeds(const struct budget_fixture *f, size_t limit)
{
	for (size_t i = limit; i < f->start_count; i++)
		if (f->starts[i] - f->starts[i - limit] < 60000)
			fail_msg("%zu requests within %llu ms", limit + 1,
				 (unsigned long long)(f->starts[i] - f->starts[i - limit]));
}
