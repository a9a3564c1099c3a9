// Tail calls out of functions: the frames of the callers stay, 34 times over.
#include "kernel.h"

int nested(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__array(values, int(struct __sk_buff *));
} next SEC(".maps") = { .values = { [0] = &nested } };

static __noinline int third(struct __sk_buff *skb)
{
	int result = 1000;

	barrier_var(result);
	bpf_tail_call(skb, &next, 0);
	return result;
}

static __noinline int second(struct __sk_buff *skb)
{
	return third(skb) + 100;
}

SEC("tc") int nested(struct __sk_buff *skb)
{
	return second(skb) + 1;
}
