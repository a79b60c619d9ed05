/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml composes the document; what it leaves as indexes becomes pointers here, node by node and
 * without recursion. libyaml's document stays alive: it holds the texts.
 */
#include "policy/yaml.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

struct yaml_tree {
	char *file;
	yaml_document_t document;
	struct yaml_node *nodes; /* in libyaml's order: the first is the root */
	size_t count;
};

/* Where the problems of a conversion go. */
struct report {
	const char *file;
	struct problems *problems;
	unsigned before;
};

static unsigned from_one(size_t zero_based)
{
	return (unsigned)zero_based + 1;
}

/* libyaml reads ahead of its own marks, so the place of a bad byte is counted here. */
static void report_bad_byte(const char *text, size_t offset, const char *what,
			    struct report *report)
{
	size_t line = 0, start = 0;

	for (size_t i = 0; i < offset; i++)
		if (text[i] == '\n') {
			line++;
			start = i + 1;
		}
	problems_add(report->problems, report->file, from_one(line), from_one(offset - start),
		     "not valid text: %s", what);
}

static void report_syntax(const yaml_parser_t *parser, const char *text, size_t len,
			  struct report *report)
{
	const char *what = parser->problem ? parser->problem : "cannot be read";

	if (parser->error == YAML_MEMORY_ERROR)
		abort();
	if (parser->error == YAML_READER_ERROR)
		report_bad_byte(text, parser->problem_offset < len ? parser->problem_offset : len,
				what, report);
	else
		problems_add(report->problems, report->file, from_one(parser->problem_mark.line),
			     from_one(parser->problem_mark.column), "not valid YAML: %s%s%s", what,
			     parser->context ? " " : "", parser->context ? parser->context : "");
}

/* Whether the file ends with the document that was loaded. */
static int check_end(yaml_parser_t *parser, const char *text, size_t len, struct report *report)
{
	yaml_document_t further;

	if (!yaml_parser_load(parser, &further)) {
		report_syntax(parser, text, len, report);
		return -EINVAL;
	}
	const yaml_node_t *root = yaml_document_get_root_node(&further);
	if (root)
		problems_add(report->problems, report->file, from_one(root->start_mark.line),
			     from_one(root->start_mark.column),
			     "a second document starts here: one file holds one");
	yaml_document_delete(&further);
	return root ? -EINVAL : 0;
}

static int load(const char *text, size_t len, struct yaml_tree *yaml, struct report *report)
{
	yaml_parser_t parser;
	int r = -EINVAL;

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (!yaml_parser_load(&parser, &yaml->document))
		report_syntax(&parser, text, len, report);
	else if (!yaml_document_get_root_node(&yaml->document))
		problems_add(report->problems, report->file, 1, 1, "the file says nothing");
	else
		r = check_end(&parser, text, len, report);
	yaml_parser_delete(&parser);
	return r;
}

static struct yaml_node *node_at(struct yaml_tree *yaml, int index)
{
	return &yaml->nodes[index - 1];
}

static void convert_scalar(struct yaml_node *node, const yaml_node_t *from, struct report *report)
{
	node->kind = YAML_SCALAR;
	node->text = (const char *)from->data.scalar.value;
	node->quoted = from->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if (strlen(node->text) != from->data.scalar.length)
		problems_add(report->problems, report->file, node->line, node->column,
			     "a text cannot contain a NUL character");
}

static void convert_list(struct yaml_tree *yaml, struct yaml_node *node, const yaml_node_t *from)
{
	const yaml_node_item_t *items = from->data.sequence.items.start;

	node->kind = YAML_LIST;
	node->count = (size_t)(from->data.sequence.items.top - items);
	node->items = xcalloc(node->count, sizeof(struct yaml_node *));
	for (size_t i = 0; i < node->count; i++)
		node->items[i] = node_at(yaml, items[i]);
}

static void convert_map(struct yaml_tree *yaml, struct yaml_node *node, const yaml_node_t *from)
{
	const yaml_node_pair_t *pairs = from->data.mapping.pairs.start;

	node->kind = YAML_MAP;
	node->count = (size_t)(from->data.mapping.pairs.top - pairs);
	node->pairs = xcalloc(node->count, sizeof(struct yaml_pair));
	for (size_t i = 0; i < node->count; i++)
		node->pairs[i] = (struct yaml_pair){node_at(yaml, pairs[i].key),
						    node_at(yaml, pairs[i].value)};
}

/* libyaml gives a node without a tag, or with one that says what it is anyway, its plain tag. */
static bool has_foreign_tag(const yaml_node_t *from)
{
	static const char *const plain[] = {
		[YAML_SCALAR_NODE] = YAML_STR_TAG,
		[YAML_SEQUENCE_NODE] = YAML_SEQ_TAG,
		[YAML_MAPPING_NODE] = YAML_MAP_TAG,
	};

	return strcmp((const char *)from->tag, plain[from->type]) != 0;
}

static void convert(struct yaml_tree *yaml, size_t i, struct report *report)
{
	const yaml_node_t *from = &yaml->document.nodes.start[i];
	struct yaml_node *node = &yaml->nodes[i];

	node->file = yaml->file;
	node->line = from_one(from->start_mark.line);
	node->column = from_one(from->start_mark.column);
	if (has_foreign_tag(from))
		problems_add(report->problems, report->file, node->line, node->column,
			     "tags are not supported: leave '%s' out", (const char *)from->tag);
	if (from->type == YAML_SEQUENCE_NODE)
		convert_list(yaml, node, from);
	else if (from->type == YAML_MAPPING_NODE)
		convert_map(yaml, node, from);
	else
		convert_scalar(node, from, report);
}

/* Orders keys by their text, and equal ones as they stand in the file. */
static int compare_keys(const void *a, const void *b)
{
	const struct yaml_node *x = *(const struct yaml_node *const *)a;
	const struct yaml_node *y = *(const struct yaml_node *const *)b;
	int r = strcmp(x->text, y->text);

	if (r != 0)
		return r;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

static void check_keys(const struct yaml_node *map, struct report *report)
{
	_cleanup_free_ const struct yaml_node **keys =
		xcalloc(map->count, sizeof(struct yaml_node *));
	size_t count = 0;

	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_node *key = map->pairs[i].key;
		if (key->kind == YAML_SCALAR)
			keys[count++] = key;
		else
			problems_add(report->problems, report->file, key->line, key->column,
				     "a key must be a plain text");
	}
	qsort(keys, count, sizeof(struct yaml_node *), compare_keys);
	for (size_t i = 1; i < count; i++)
		if (strcmp(keys[i - 1]->text, keys[i]->text) == 0)
			problems_add(report->problems, report->file, keys[i]->line, keys[i]->column,
				     "key '%s' is here twice: first in line %u", keys[i]->text,
				     keys[i - 1]->line);
}

int yaml_tree_parse(const char *file, const char *text, size_t len, struct problems *problems,
		    struct yaml_tree **ret)
{
	struct report report = {file, problems, problems->count};
	_cleanup_(yaml_tree_freep) struct yaml_tree *yaml = xcalloc(1, sizeof(*yaml));

	problems_begin_file(problems, file);
	int r = load(text, len, yaml, &report);
	if (r < 0)
		return r;
	yaml->file = xstrdup(file);
	yaml->count = (size_t)(yaml->document.nodes.top - yaml->document.nodes.start);
	yaml->nodes = xcalloc(yaml->count, sizeof(*yaml->nodes));
	for (size_t i = 0; i < yaml->count; i++)
		convert(yaml, i, &report);
	for (size_t i = 0; i < yaml->count; i++)
		if (yaml->nodes[i].kind == YAML_MAP)
			check_keys(&yaml->nodes[i], &report);
	if (problems->count > report.before)
		return -EINVAL;
	*ret = TAKE(yaml);
	return 0;
}

struct yaml_tree *yaml_tree_free(struct yaml_tree *yaml)
{
	if (!yaml)
		return NULL;
	for (size_t i = 0; i < yaml->count; i++) {
		free(yaml->nodes[i].items);
		free(yaml->nodes[i].pairs);
	}
	free(yaml->nodes);
	free(yaml->file);
	yaml_document_delete(&yaml->document);
	free(yaml);
	return NULL;
}

void yaml_tree_freep(struct yaml_tree **yaml)
{
	*yaml = yaml_tree_free(*yaml);
}

const struct yaml_node *yaml_tree_root(const struct yaml_tree *yaml)
{
	return &yaml->nodes[0];
}

const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key)
{
	if (!node || node->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < node->count; i++)
		if (strcmp(node->pairs[i].key->text, key) == 0)
			return node->pairs[i].value;
	return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && !node->quoted &&
	       (node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
		strcasecmp(node->text, "null") == 0);
}

void problems_at(struct problems *problems, const struct yaml_node *node, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	problems_addv(problems, node->file, node->line, node->column, format, arguments);
	va_end(arguments);
}
