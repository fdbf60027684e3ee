/* A binary heap of embedded nodes; see end_heap.h. Knows nothing of what the keys mean. */
#include "nftsync/end_heap.h"

#include <errno.h>
#include <stdlib.h>

static void put(struct end_heap *h, size_t at, struct heap_node *node)
{
	h->nodes[at] = node;
	node->at = at;
}

static void sift_up(struct end_heap *h, struct heap_node *node)
{
	size_t at = node->at;

	while (at && h->nodes[(at - 1) / 2]->key > node->key) {
		put(h, at, h->nodes[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(h, at, node);
}

static void sift_down(struct end_heap *h, struct heap_node *node)
{
	size_t at = node->at;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < h->count && h->nodes[child + 1]->key < h->nodes[child]->key)
			child++;
		if (child >= h->count || h->nodes[child]->key >= node->key)
			break;
		put(h, at, h->nodes[child]);
		at = child;
	}
	put(h, at, node);
}

int heap_add(struct end_heap *h, struct heap_node *node)
{
	if (h->count == h->room) {
		size_t room = h->room ? 2 * h->room : 4;
		struct heap_node **nodes = realloc(h->nodes, room * sizeof(nodes[0]));

		if (!nodes)
			return -ENOMEM;
		h->nodes = nodes;
		h->room = room;
	}
	put(h, h->count++, node);
	sift_up(h, node);
	return 0;
}

void heap_remove(struct end_heap *h, struct heap_node *node)
{
	struct heap_node *last = h->nodes[--h->count];

	if (last == node)
		return;
	put(h, node->at, last);
	sift_up(h, last);
	sift_down(h, last);
}

void heap_change(struct end_heap *h, struct heap_node *node, uint64_t key)
{
	node->key = key;
	sift_up(h, node);
	sift_down(h, node);
}

struct heap_node *heap_first(const struct end_heap *h)
{
	return h->count ? h->nodes[0] : NULL;
}

void heap_fini(struct end_heap *h)
{
	free(h->nodes);
	*h = (struct end_heap){ 0 };
}
