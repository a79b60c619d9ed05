#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options as rows of data: one row per key says its type, where its value goes, what is allowed and
 * what it is for. Reading a file, a flag or an environment variable, checking, the reference
 * documentation and the JSON Schema all follow from the row.
 *
 *	static const struct option rows[] = {
 *		{.key = "pids", .type = OPTION_INT, .offset = offsetof(struct policy, pids),
 *		 .minimum = 16, .maximum = 65536, .fallback = "512", .help = "Most processes ..."},
 *		{.key = NULL},
 *	};
 */
#include "base/err.h"
#include "base/name_value.h"
#include "policy/problem.h"
#include "policy/yaml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_STRING,	    /* char *; minimum and maximum are its length */
	OPTION_BOOL,	    /* bool; needs a fallback */
	OPTION_INT,	    /* int64_t */
	OPTION_DURATION,    /* int64_t, milliseconds; "30s" */
	OPTION_SIZE,	    /* int64_t, bytes; "512MiB" */
	OPTION_ENUM,	    /* an enum of int's size, one of `choices` */
	OPTION_PARSED,	    /* a text that `parse` understands */
	OPTION_STRINGS,	    /* char **, NULL-ended; NULL when not set */
	OPTION_PARSED_LIST, /* a list of texts, each given to `parse` */
	OPTION_MAP,	    /* struct name_value *, and a size_t at count_offset */
	OPTION_SECTION,	    /* a struct described by `rows` */
	OPTION_SECTIONS,    /* a list of them: an array, and a size_t at count_offset */
	OPTION_NAMED,  /* a map of NAME: section: the same array; item_name is the name's place */
	OPTION_CUSTOM, /* whatever `read` makes of the node */
};

/* What a number holds that was not given and has no fallback; an enum holds -1, a pointer NULL. */
#define OPTION_NOT_SET INT64_MIN

struct option_choice {
	const char *text; /* NULL ends the list */
	int value;
};

struct option {
	const char *key; /* NULL ends the table */
	enum option_type type;
	bool required;			     /* must be there if its section is */
	bool singular;			     /* belongs to one of several sections: there is no
					      * default for all. If it is required as well, whoever
					      * puts section and defaults together checks that */
	size_t offset;			     /* of the value in the target */
	size_t count_offset;		     /* of its count, for MAP, SECTIONS, NAMED */
	size_t item_size;		     /* of one struct, for SECTIONS, NAMED */
	size_t item_name;		     /* NAMED: offset of its char * in the item */
	int64_t minimum, maximum;	     /* both included; both 0: any. Of PARSED what a value
					      * is documented with that is a number */
	const struct option_choice *choices; /* for ENUM; of PARSED_LIST all there are, or NULL */
	const struct option *rows;	     /* for SECTION, SECTIONS, NAMED; of a CUSTOM map the
					      * keys it takes, save for singular ones */
	const char *fallback; /* the default as it would be written; NULL: not set. Scalars only */
	const char *form;     /* for PARSED*, CUSTOM: how it is written, "UID:GID" */
	/* For PARSED*: what no accepted text fails to match, where that can be said; an expression
	 * that POSIX (extended) and ECMAScript read alike. For the JSON Schema only. */
	const char *pattern;
	const char *help; /* one or two sentences for the reference */

	/* PARSED*: stores `text` in the target (the whole struct), or says why not (ERR_INPUT).
	 * A second call replaces the value, or adds to a list. */
	int (*parse)(const char *text, void *target, struct err *err);

	/* CUSTOM: stores the node in the target (the whole struct), or adds to `problems`. */
	void (*read)(const struct option *row, const struct yaml_node *node, void *target,
		     struct problems *problems);

	/* PARSED*, CUSTOM: frees what was stored, if anything needs it. */
	void (*release)(void *target);
};

/* Fills in `target`, which starts zeroed, from a map: defaults first, then what is there. `null`
 * means the default. With `node` NULL everything is the default. Adds every unknown key (with the
 * one that was meant), wrong type and value out of range to `problems`; -EINVAL if there was any.
 * The target must be given to option_free() in either case. */
int option_read(const struct option *rows, const struct yaml_node *node, void *target,
		struct problems *problems);

/* Stores one scalar given as text, by flag or environment variable or default, with the same
 * checks. ERR_INPUT with a text that follows the name of the option: "must be ...". */
int option_set(const struct option *row, void *target, const char *text, struct err *err);

/* The value of the choice that `text` names. ERR_INPUT, with all there are and the one that was
 * probably meant. */
int option_choose(const struct option_choice *choices, const char *text, int *ret, struct err *err);

/* A number of an INT, DURATION or SIZE as it would be written: "30s", "512MiB". */
void option_format_number(char into[32], enum option_type type, int64_t value);

/* The row of `key`, NULL if there is none. */
const struct option *option_find(const struct option *rows, const char *key);

/* Frees every value; the pointers become NULL, the counts 0. */
void option_free(const struct option *rows, void *target);
