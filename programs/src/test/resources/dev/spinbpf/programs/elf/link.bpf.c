/* Subprograms of every kind, linked in the order of first use. */
#include "common.h"

__noinline int leaf(int x)
{
	return x * bpf_get_prandom_u32();
}

static __noinline int helper(int x)
{
	return leaf(x + 1) + leaf(x + 2);
}

__weak __noinline int weak_one(int x)
{
	return helper(x) + 3;
}

__hidden __noinline int hidden_one(int x)
{
	return x + bpf_get_prandom_u32();
}

static long step(u32 index, void *ctx)
{
	return helper(index);
}

__noinline int unused_one(int x)
{
	return x - bpf_get_prandom_u32();
}

SEC("socket") int uses_all(void *ctx)
{
	return weak_one(1) + hidden_one(2);
}

SEC("socket") int uses_none(void *ctx)
{
	return 7;
}

SEC("?fentry.s/bpf_fentry_test1") int uses_callback(void *ctx)
{
	bpf_loop(10, step, NULL, 0);
	return hidden_one(1);
}

SEC("custom/section") int of_no_type(void *ctx)
{
	return 0;
}

SEC("fexit") int without_target(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
