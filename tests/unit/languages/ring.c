/* A ring buffer. */
#include <stdlib.h>
#include "ring.h"

#define RING_SIZE 64
#define RING_NEXT(i) (((i) + 1) % \
                      RING_SIZE)

/* One slot. */
struct slot {
    int value;
    struct slot *next;
};

typedef struct ring {
    struct slot *head;
} Ring;

typedef int (*visitor)(struct slot *slot, void *data);

enum mode { READ, WRITE };

typedef enum { RED, GREEN } Color;

union word {
    int i;
    float f;
};

static int counter = 0;
const char *const names[] = {"a", "b"};
extern int errors;

int ring_push(Ring *ring, int value);

/**
 * Makes a ring.
 */
static inline Ring *ring_new(void)
{
    Ring *ring = malloc(sizeof(Ring));
    ring->head = NULL;
    counter++;
    return ring;
}

int
ring_push(Ring *ring, int value)
{
    if (!ring)
        return ring->on_error(value);
    return RING_NEXT(value);
}

#ifdef DEBUG
void ring_dump(Ring *ring) {
    printf("%p", ring);
}
#endif
