/* Reads the values of options about the history; see conf_read.c. */
#include "conf/conf_parse.h"
#include "conf/conf_read.h"

#define NEVERS_MAX 1024

static bool read_one(const char *text, struct conf_never *n)
{
	if (!addr_net_from_text(text, &n->net)) {
		n->is_net = true;
		return true;
	}
	n->below = !strncmp(text, "*.", 2);
	if (n->below)
		text += 2;
	return !dname_from_text(text, &n->name) && n->name.len > 1 && !strchr(text, '*');
}

void read_never(struct parser *p, const struct written *w)
{
	struct conf_history *h = w->block;

	for (size_t i = w->first; i < w->node->word_count && !p->no_memory; i++) {
		const struct scfg_word *word = &w->node->words[i];
		struct conf_never n = { 0 }, *element;

		if (!read_one(word->text, &n)) {
			parse_error(p, word, "as in *.x.example, 192.168.1.77 or tv",
				    "'%s' is no name, address, network or device", word->text);
			continue;
		}
		if (h->never_count == NEVERS_MAX) {
			parse_error(p, word, NULL, "more than %d of them", NEVERS_MAX);
			return;
		}
		n.text = parse_text(p, word->text);
		element = PARSE_GROW(p, h->nevers, h->never_count);
		if (element)
			*element = n;
	}
}
