/* A binary heap of nodes embedded in their owners: the smallest key first. Knows nothing of
 * what the keys mean. */
#ifndef NFTSYNC_END_HEAP_H
#define NFTSYNC_END_HEAP_H

#include <stddef.h>
#include <stdint.h>

/** Embedded in the owner; CONTAINER_OF leads back. */
struct heap_node {
	uint64_t key;
	size_t at; /* index in the heap; kept by it */
};

/** Zeroed is empty. Grows by doubling; never shrinks. */
struct end_heap {
	struct heap_node **nodes; /* owned array of borrowed nodes */
	size_t count, room;
};

/** Insert with node->key set. @retval -ENOMEM nothing changed */
int heap_add(struct end_heap *h, struct heap_node *node);

/** Take out a node that is in the heap. */
void heap_remove(struct end_heap *h, struct heap_node *node);

/** Give a node that is in the heap another key. */
void heap_change(struct end_heap *h, struct heap_node *node, uint64_t key);

/** The node with the smallest key, or NULL. */
struct heap_node *heap_first(const struct end_heap *h);

/** Free the array, not the nodes. */
void heap_fini(struct end_heap *h);

#endif
