/* Types whose values are shown. */
#include "common.h"

enum color { RED, GREEN = 5, BLUE = -1 };
enum wide { HUGE = 0x100000000ull };

struct node {
	struct node *next;
	union {
		u32 whole;
		u16 halves[2];
	};
	enum color color;
	enum wide wide;
	char name[8];
	char letter;
	_Bool flag;
	int low : 3;
	u32 high : 7;
	signed char small;
	int matrix[2][2];
	const char *volatile text;
	int (*callback)(struct node *, int);
	double ratio;
};

struct node node;

SEC("socket") int use(void *ctx)
{
	return node.color;
}
