/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs many worlds on all processors and prints, as TAP, what they saw; or one, traced:
 *
 *	world [--from SEED] [--seeds N] [--sessions N] [--jobs N] [--first]
 *	world --seed SEED [--trace]
 */
#include "base/cleanup.h"
#include "world/world.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
	uint64_t from, step, seeds, sessions;
	/* Seen by all jobs: the seed that it is at, also when it has died, and whether any of them
	 * has found a violation, where that ends all (else NULL). */
	uint64_t *seed, *found;
	const char *folder, *policies;
};

/* What a job hands back. */
struct outcome {
	struct world_totals totals;
	uint64_t seed;	     /* of the violation */
	char violation[400]; /* "" none */
};

static void run_job(const struct job *job, struct outcome *outcome)
{
	struct world_options options = {.folder = job->folder, .policies = job->policies};

	for (uint64_t i = 0; i < job->seeds || outcome->totals.report.items < job->sessions; i++) {
		options.seed = *job->seed = job->from + i * job->step;
		_cleanup_free_ char *violation = world_run(&options, &outcome->totals);
		if (!violation && !(job->found && *job->found))
			continue;
		if (!violation)
			return;
		if (job->found)
			*job->found = 1;
		outcome->seed = options.seed;
		(void)snprintf(outcome->violation, sizeof(outcome->violation), "%s", violation);
		return;
	}
}

/* --- several at once -------------------------------------------------------------------------- */

struct process_of_job {
	pid_t pid;
	int output;
};

static struct process_of_job start_job(const struct job *job)
{
	int ends[2];
	struct outcome outcome = {0};

	if (pipe(ends) < 0)
		abort();
	(void)fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		abort();
	if (pid > 0) {
		(void)close(ends[1]);
		return (struct process_of_job){pid, ends[0]};
	}
	run_job(job, &outcome);
	ssize_t written = write(ends[1], &outcome, sizeof(outcome));
	exit(written == (ssize_t)sizeof(outcome) ? 0 : 1);
}

/* False: it died without a word, of a signal or a sanitizer's finding. */
static bool finish_job(const struct process_of_job *process, struct outcome *outcome)
{
	size_t len = 0;
	ssize_t got;
	int status;

	while (len < sizeof(*outcome) &&
	       (got = read(process->output, (char *)outcome + len, sizeof(*outcome) - len)) > 0)
		len += (size_t)got;
	(void)close(process->output);
	(void)waitpid(process->pid, &status, 0);
	return len == sizeof(*outcome) && status == 0;
}

/* Totals are counters and nothing else. */
static void add_totals(struct world_totals *sum, const struct world_totals *part)
{
	uint64_t *into = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)part;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(uint64_t); i++)
		into[i] += from[i];
}

/* --- what was seen ---------------------------------------------------------------------------- */

static void print_totals(const struct world_totals *totals)
{
	static const char *const fates[WORKER_FATES] = {
		[WORKER_WORKS] = "works",
		[WORKER_DIES_UNBEATEN] = "dies before a heartbeat",
		[WORKER_HANGS_UNBEATEN] = "never heartbeats",
		[WORKER_DIES_BEATEN] = "dies after a heartbeat",
		[WORKER_HANGS_BEATEN] = "never ends",
		[WORKER_LOSES_LEASE] = "loses its lease",
		[WORKER_LEAVES_EARLY] = "leaves at once",
		[WORKER_IS_OOM_KILLED] = "killed for its memory",
	};
	const struct oracle_report *report = &totals->report;
	const uint64_t days = totals->simulated_ms / 86400000;

	printf("# worlds: %" PRIu64 "; simulated time: %" PRIu64
	       " days (%.1f years); calls: %" PRIu64 "\n",
	       totals->seeds, days, (double)days / 365.25, totals->calls);
	printf("# sessions: %" PRIu64 ", done by their workers: %" PRIu64 "; containers: %" PRIu64
	       "; force-stops: %" PRIu64 "; records: %" PRIu64 "; starts of berth: %" PRIu64
	       "; log lines: %" PRIu64 "\n",
	       report->items, report->sessions_done, report->containers, report->force_stops,
	       report->records, report->restarts, report->log_lines);
	for (unsigned i = 0; i < SCENARIO_KINDS; i++)
		printf("# worlds with %s: %" PRIu64 "\n", scenario_kind_name(i), totals->kinds[i]);
	for (unsigned i = 0; i < WIRE_FAULTS; i++)
		printf("# calls: %s: %" PRIu64 "\n", wire_fault_name(i), totals->wire_faults[i]);
	for (unsigned i = 0; i < TROUBLES; i++)
		printf("# troubles: %s: %" PRIu64 "\n", trouble_name(i), totals->troubles[i]);
	for (unsigned i = 0; i < WORKER_FATES; i++)
		printf("# workers: %s: %" PRIu64 "\n", fates[i], totals->fates[i]);
}

static unsigned print_edges_never_taken(const struct world_totals *totals)
{
	unsigned count = 0;

	for (unsigned from = 0; from < SESSION_STATES; from++) {
		for (unsigned to = 0; to < SESSION_STATES; to++) {
			if (!(session_edges(from) & (1u << to)) ||
			    totals->report.edges[from][to] > 0)
				continue;
			printf("# edge never taken: %s->%s\n", session_state_name(from),
			       session_state_name(to));
			count++;
		}
	}
	return count;
}

/* --- places ----------------------------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void remove_tree(const char *path)
{
	(void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void forget_variables(void)
{
	static const char *const variables[] = {
		"ANTHROPIC_API_KEY",
		"ANTHROPIC_ENVIRONMENT_ID",
		"ANTHROPIC_ENVIRONMENT_KEY",
		"ANTHROPIC_BASE_URL",
		"ANTHROPIC_WORKER_ID",
		"BERTH_CONFIG",
		"BERTH_ENGINE",
		"DOCKER_HOST",
		"CONTAINER_HOST",
		"CREDENTIALS_DIRECTORY",
		"STATE_DIRECTORY",
		"JOURNAL_STREAM",
	};

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		(void)unsetenv(variables[i]);
}

struct request {
	uint64_t seed, from, seeds, sessions, jobs;
	bool is_one, is_traced, ends_at_first;
};

static int run_one(const struct request *request, const char *folder, const char *policies)
{
	struct world_totals totals = {0};
	const struct world_options options = {.seed = request->seed,
					      .folder = folder,
					      .policies = policies,
					      .is_traced = request->is_traced};
	_cleanup_free_ char *violation = world_run(&options, &totals);

	print_totals(&totals);
	printf("%s 1 - seed %" PRIu64 "%s%s\n1..1\n", violation ? "not ok" : "ok", request->seed,
	       violation ? ": " : "", violation ? violation : "");
	return violation ? 1 : 0;
}

/* Of processes that are forked from here on, seen by all of them. */
static uint64_t *shared_numbers(size_t count)
{
	void *memory = mmap(NULL, count * sizeof(uint64_t), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

static int run_many(const struct request *request, const char *folder, const char *policies)
{
	uint64_t *seeds = shared_numbers(request->jobs + 1);
	struct process_of_job *processes = xcalloc(request->jobs, sizeof(*processes));
	struct world_totals sum = {0};
	bool failed = false;

	for (uint64_t i = 0; i < request->jobs; i++) {
		_cleanup_free_ char *own = xasprintf("%s/%" PRIu64, folder, i);
		if (mkdir(own, 0700) < 0)
			abort();
		processes[i] = start_job(&(struct job){
			.from = request->from + i,
			.step = request->jobs,
			.seeds = (request->seeds + request->jobs - 1 - i) / request->jobs,
			.sessions = request->sessions / request->jobs,
			.seed = &seeds[i],
			.found = request->ends_at_first ? &seeds[request->jobs] : NULL,
			.folder = own,
			.policies = policies,
		});
	}
	for (uint64_t i = 0; i < request->jobs; i++) {
		struct outcome outcome = {0};
		if (!finish_job(&processes[i], &outcome)) {
			printf("# seed %" PRIu64 ": berth died\n", seeds[i]);
			failed = true;
		} else if (outcome.violation[0]) {
			printf("# seed %" PRIu64 ": %s\n", outcome.seed, outcome.violation);
			printf("# replay: world --seed %" PRIu64 " --trace\n", outcome.seed);
			failed = true;
		}
		add_totals(&sum, &outcome.totals);
	}
	free(processes);
	print_totals(&sum);
	printf("%s 1 - nothing is lost, doubled or left behind in %" PRIu64 " worlds\n",
	       failed ? "not ok" : "ok", sum.seeds);
	unsigned edges = print_edges_never_taken(&sum);
	printf("%s 2 - every edge of the state table is taken\n1..2\n", edges ? "not ok" : "ok");
	return failed || edges > 0 ? 1 : 0;
}

static uint64_t number(const char *text)
{
	char *end;

	errno = 0;
	uint64_t value = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || end == text) {
		(void)fprintf(stderr, "world: '%s' is no number\n", text);
		exit(64);
	}
	return value;
}

static void read_arguments(int argc, char **argv, struct request *request)
{
	struct {
		const char *name;
		uint64_t *value;
	} const numbers[] = {
		{"--seed", &request->seed},   {"--from", &request->from},
		{"--seeds", &request->seeds}, {"--sessions", &request->sessions},
		{"--jobs", &request->jobs},
	};

	for (int i = 1; i < argc; i++) {
		size_t row = 0;
		while (row < ARRAY_SIZE(numbers) && strcmp(argv[i], numbers[row].name) != 0)
			row++;
		if (strcmp(argv[i], "--trace") == 0) {
			request->is_traced = true;
		} else if (strcmp(argv[i], "--first") == 0) {
			request->ends_at_first = true;
		} else if (row < ARRAY_SIZE(numbers) && i + 1 < argc) {
			request->is_one |= row == 0;
			*numbers[row].value = number(argv[++i]);
		} else {
			(void)fprintf(stderr, "world: what is '%s'?\n", argv[i]);
			exit(64);
		}
	}
}

int main(int argc, char **argv)
{
	struct request request = {
		.from = 1, .seeds = 2000, .jobs = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN)};
	/* In memory, if there is such a place: berths write records and read files all the time. */
	const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	_cleanup_free_ char *folder = xasprintf("%s/berth-world-XXXXXX", place);
	char policies[PATH_MAX];

	read_arguments(argc, argv, &request);
	if (!realpath("policies", policies) || !mkdtemp(folder)) {
		perror("world: run it where the project's policies/ is");
		return 70;
	}
	forget_variables();
	int result = request.is_one ? run_one(&request, folder, policies)
				    : run_many(&request, folder, policies);
	remove_tree(folder);
	return result;
}
