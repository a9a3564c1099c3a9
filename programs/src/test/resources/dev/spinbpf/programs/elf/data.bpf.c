/* Global variables in every kind of section. */
#include "common.h"

struct lock {
	u32 val;
};

u64 counter;
static u32 private_counter;
int initial = 5;
const volatile u32 limit = 42;
struct lock lock SEC(".data.lock") __hidden;
int many[3] SEC(".bss.many");
const volatile char greeting[6] SEC(".rodata.text") = "hello";

SEC("xdp.frags") int count(void *ctx)
{
	private_counter += limit;
	counter += private_counter + greeting[1];
	lock.val = 0;
	many[2]++;
	return initial;
}
