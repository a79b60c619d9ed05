#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion scripts for shells, written from the tables of commands and flags. Each script knows
 * the commands, the flags of each, and by what a value or operand is called (FILE, a|b) what can
 * stand there. completion_<shell>.c know how a shell wants to be told.
 */
#include "cli/commands.h"

enum completion {
	COMPLETE_NOTHING,     /* a value that only its author knows */
	COMPLETE_FILES,	      /* FILE */
	COMPLETE_DIRECTORIES, /* DIRECTORY */
	COMPLETE_SESSIONS,    /* SESSION: `berth ps` knows them */
	COMPLETE_WORDS,	      /* one of the words of "a|b|c" */
};

/* What to complete where `argument` stands, as a flag's value or as operands; NULL: nothing. */
enum completion completion_of(const char *argument);

/* The words of "a|b|c" with `separator` between them; of "[a|b]", too. The caller's. */
char *completion_words(const char *argument, const char *separator);

/* The command's name up to its first space, and what follows it ("" if nothing does): "queue" and
 * "list". `into` takes the first. */
const char *completion_split(const struct command *command, char into[32]);

/* True if an earlier command has the same first word. */
bool completion_is_known(size_t index);

/* `text` between single quotes, as all three shells read it. The caller's. */
char *completion_quoted(const char *text);

/* For awk, out of the table of `berth ps`. bash expands what it is to choose from, so nothing but
 * ids gets there, whatever the labels of a container say. */
#define COMPLETION_SESSION_COLUMN "NR > 1 && $2 ~ /^[A-Za-z0-9_-]+$/ { print $2 }"

/* On stdout. */
void completion_bash(void);
void completion_zsh(void);
void completion_fish(void);
