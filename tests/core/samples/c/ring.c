#include <stdlib.h>
#include "ring.h"

#define RING_SIZE 256
#define NEXT(i) (((i) + 1) % RING_SIZE)

/* A ring of bytes. */
typedef struct ring {
    unsigned char data[RING_SIZE];
    size_t head;
    size_t tail;
} ring_t;

enum ring_state { RING_EMPTY, RING_FULL };

typedef int (*ring_visitor)(unsigned char byte, void *context);

static const char *ring_names[] = {"empty", "full"};

int ring_push(ring_t *ring, unsigned char byte);

/**
 * Adds a byte; returns -1 when the ring is full.
 */
int ring_push(ring_t *ring, unsigned char byte)
{
    size_t next = NEXT(ring->head);
    if (next == ring->tail) {
        return -1;
    }
    ring->data[ring->head] = byte;
    ring->head = next;
    return 0;
}

static struct ring *ring_new(void)
{
    struct ring *ring = calloc(1, sizeof(*ring));
    if (ring == NULL) {
        abort();
    }
    return ring;
}
