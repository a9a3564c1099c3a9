// A chain of programs: each step ends by jumping into the next one of a program array. After the last step, or where
// the array has no program, the call falls through.
// Try: spinbpf run tail_calls.bpf.o --prog entry
#include "sample.h"

int step_one(struct __sk_buff *ctx);
int step_two(struct __sk_buff *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 3);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} steps SEC(".maps") = {
	.values = {[0] = (void *)&step_one, [1] = (void *)&step_two},
};

__u64 trail;

SEC("tc")
int entry(struct __sk_buff *ctx)
{
	trail = 1;
	bpf_tail_call(ctx, &steps, 0);
	return -1;
}

SEC("tc")
int step_one(struct __sk_buff *ctx)
{
	trail = trail * 10 + 2;
	bpf_tail_call(ctx, &steps, 1);
	return -2;
}

SEC("tc")
int step_two(struct __sk_buff *ctx)
{
	trail = trail * 10 + 3;
	bpf_tail_call(ctx, &steps, 2);
	return (int)trail;
}
