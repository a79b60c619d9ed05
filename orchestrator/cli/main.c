/* SPDX-License-Identifier: Apache-2.0 */
/* berth: one container per agent session. Finds the command and hands over to it. */
#include "base/err.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/explain.h"
#include "cli/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* True if the command is `first` and a word, or `first` is NULL. */
static bool is_of(const struct command *command, const char *first)
{
	size_t length = first ? strlen(first) : 0;

	return !first || (strncmp(command->name, first, length) == 0 && length > 0 &&
			  command->name[length] == ' ');
}

/* The commands that begin with the word `first` and have another; with NULL all. Returns how many.
 */
static size_t print_commands(FILE *stream, const char *first)
{
	size_t count = 0, width = 0;

	for (size_t i = 0; commands[i]; i++)
		if (is_of(commands[i], first) && strlen(commands[i]->name) > width)
			width = strlen(commands[i]->name);
	for (size_t i = 0; commands[i]; i++) {
		if (!is_of(commands[i], first))
			continue;
		if (count++ == 0)
			(void)fprintf(stream, "Commands:\n");
		(void)fprintf(stream, "  %-*s  %s\n", (int)width, commands[i]->name,
			      commands[i]->summary);
	}
	return count;
}

static void print_usage(FILE *stream)
{
	(void)fprintf(stream, "Usage: berth COMMAND [FLAGS]\n\n"
			      "Runs every agent session in a container of its own.\n\n");
	(void)print_commands(stream, NULL);
	(void)fprintf(stream, "\n'berth COMMAND --help' lists a command's flags.\n");
}

static bool asks_for_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* `words` begin with no command: maybe with half of one, "queue" or "queue lst". */
static int complain_unknown(char *const *words)
{
	const char *meant = command_nearest(words[0]);

	if (words[1] && asks_for_help(words[1]) && print_commands(stdout, words[0]) > 0)
		return EXIT_DONE;
	if (print_commands(stderr, words[0]) > 0) {
		explain("berth %s: %s%s%s\n", words[0],
			words[1] ? "unknown command '" : "say which", words[1] ? words[1] : "",
			words[1] ? "'" : "");
		return EXIT_USAGE;
	}
	explain("berth: unknown command '%s'%s%s%s\nTry 'berth --help'.\n", words[0],
		meant ? ": did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
	return EXIT_USAGE;
}

/* "berth help", "berth help COMMAND". */
static int help(int argc, char **argv)
{
	char own_name[32], flag[] = "--help";
	char *arguments[] = {own_name, flag, NULL};
	int words;

	if (argc == 0) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	const struct command *command = command_find(argc, argv, &words);
	if (!command) {
		char *half[] = {argv[0], flag, NULL};
		return complain_unknown(half);
	}
	(void)snprintf(own_name, sizeof(own_name), "%s", argv[words - 1]);
	return command->run(2, arguments);
}

static int run(int argc, char **argv)
{
	static char version[] = "version";
	int words;

	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "help") == 0 || asks_for_help(argv[1]))
		return help(argc - 2, argv + 2);
	if (strcmp(argv[1], "--version") == 0)
		argv[1] = version;
	const struct command *command = command_find(argc - 1, argv + 1, &words);
	if (!command)
		return complain_unknown(argv + 1);
	return command->run(argc - words, argv + words);
}

/* What was left closed (>&-) must not become a file or a socket of ours that output goes into. */
static bool open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd >= 0 && close(fd) == 0;
}

/* A pipe whose other end is closed. */
static bool is_read_no_more(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

	return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLERR);
}

/* Output that got lost is no success, unless whoever read it has had enough. */
static int end_output(int exit_code)
{
	int error = fflush(stdout) == 0 ? 0 : errno;

	if ((error == 0 && !ferror(stdout)) || is_read_no_more(STDOUT_FILENO))
		return exit_code;
	(void)fprintf(stderr, "berth: the output is not complete: cannot write to stdout: %s\n",
		      strerror(error ? error : EIO));
	return exit_code == EXIT_DONE ? EXIT_INTERNAL : exit_code;
}

int main(int argc, char **argv)
{
	struct err err;

	if (!open_standard_streams())
		return EXIT_INTERNAL;
	if (privileges_give_up(&err) < 0) {
		explain("berth: %s\n", err.text);
		return EXIT_INTERNAL;
	}
	return end_output(run(argc, argv));
}
