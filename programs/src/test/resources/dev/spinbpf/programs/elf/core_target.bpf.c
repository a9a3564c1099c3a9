/* The types that core.bpf.c is relocated against. */
#include "common.h"

enum mode { MODE_NEW = 1, MODE_A = 5, MODE_B = 77 };

struct part {
	u64 new_member;
	int x;
	u32 array[8];
};

struct moved {
	u64 new_member;
	struct {
		u64 second;
		union {
			int first;
			u8 first_byte;
		};
	};
	int unrelated : 3;
	int bits : 7;
	struct part part;
	u32 shrinks;
	s64 grows_signed;
};

struct same {
	struct part *part;
	u64 b;
	int a;
};

struct same same;
struct moved moved;
enum mode mode;
struct part part;

SEC("raw_tp") int use(void *ctx)
{
	return moved.second + part.x + mode;
}
