#include "common.h"

enum mode { SLOW, FAST = 7 };
enum index { FIRST, SECOND };

struct limits {
    union {
        int low;
        unsigned short half;
    };
    unsigned char table[4];
    int bits : 3;
};

const volatile int number = 5;
const volatile enum mode mode = SLOW;
const volatile unsigned char small;
struct limits limits[2] = {{.low = 1}, {.low = 2}};
void *pointer;
enum index used;

SEC("socket")
int p(void *ctx)
{
    return number + mode + small + limits[1].low + limits[0].table[2] + limits[0].bits + (pointer != 0) + used;
}
