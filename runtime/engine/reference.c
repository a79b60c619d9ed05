/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar is that of the distribution project (github.com/distribution/reference, v0.6): the
 * first component of a name is a host if it has a dot or a colon, or is "localhost".
 */
#include "engine/reference.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"
#define HEX   DIGIT "abcdef"

/* Of the whole name and of a tag, in the same grammar. */
#define NAME_MAX_LENGTH 255
#define TAG_MAX_LENGTH	128

static int refuse(const char *text, const char *why, struct err *err)
{
	return err_set(err, ERR_INPUT, -EINVAL, "image '%.200s': %s", text, why);
}

static bool is_made_of(const char *text, const char *characters)
{
	return *text && text[strspn(text, characters)] == '\0';
}

static bool is_tag(const char *tag)
{
	return is_made_of(tag, LOWER UPPER DIGIT "._-") && *tag != '.' && *tag != '-' &&
	       strlen(tag) <= TAG_MAX_LENGTH;
}

static bool is_sha256(const char *digest)
{
	static const char prefix[] = "sha256:";

	return strncmp(digest, prefix, strlen(prefix)) == 0 &&
	       strlen(digest) == strlen(prefix) + 64 && is_made_of(digest + strlen(prefix), HEX);
}

/* A component of the path, not the host: no separator at its ends. */
static bool is_path_component(const char *component)
{
	static const char ends[] = LOWER DIGIT;

	return is_made_of(component, LOWER DIGIT "._-") && strchr(ends, component[0]) &&
	       strchr(ends, component[strlen(component) - 1]);
}

static bool is_host(const char *component)
{
	return strcmp(component, "localhost") == 0 || strpbrk(component, ".:");
}

/* Checks the name, component by component, and finds its registry. */
static int parse_name(struct reference *reference, const char *text, struct err *err)
{
	_cleanup_free_ char *copy = xstrdup(reference->name);
	char *rest = copy;
	char *first = strsep(&rest, "/");

	if (strlen(reference->name) > NAME_MAX_LENGTH)
		return refuse(text, "the name is too long", err);
	if (rest && is_host(first)) {
		if (!is_made_of(first, LOWER UPPER DIGIT ".-:") || *first == '.')
			return refuse(text, "the registry's name has a character that none has",
				      err);
		reference->registry = xstrdup(first);
		reference->is_local = strcmp(first, "localhost") == 0;
		first = strsep(&rest, "/");
	} else {
		reference->registry = xstrdup("docker.io");
	}
	for (const char *component = first; component; component = strsep(&rest, "/")) {
		if (!is_path_component(component)) {
			return refuse(text, "a name is made of a-z, 0-9, and . _ - / between them",
				      err);
		}
	}
	return 0;
}

int reference_parse(const char *text, struct reference *ret, struct err *err)
{
	_cleanup_(reference_done) struct reference reference = {0};

	if (is_sha256(text)) {
		*ret = (struct reference){
			.name = xstrdup(text), .lookup = xstrdup(text), .is_local = true};
		return 0;
	}
	reference.name = xstrdup(text);
	char *digest = strchr(reference.name, '@');
	if (digest) {
		*digest++ = '\0';
		if (!is_sha256(digest))
			return refuse(text, "the digest is not sha256: and 64 digits", err);
	}
	/* A colon before a slash belongs to the host's port. */
	char *slash = strrchr(reference.name, '/');
	char *tag = strchr(slash ? slash : reference.name, ':');
	if (tag) {
		*tag++ = '\0';
		if (!is_tag(tag))
			return refuse(text, "the tag has a character that none has", err);
	}
	int r = parse_name(&reference, text, err);
	if (r < 0)
		return r;
	/* Without a tag an engine would pull every tag of the name. */
	reference.version = xstrdup(digest ? digest : tag ? tag : "latest");
	reference.lookup =
		xasprintf("%s%c%s", reference.name, digest ? '@' : ':', reference.version);
	*ret = reference;
	reference = (struct reference){0};
	return 0;
}

void reference_done(struct reference *reference)
{
	free(reference->name);
	free(reference->version);
	free(reference->lookup);
	free(reference->registry);
	*reference = (struct reference){0};
}
