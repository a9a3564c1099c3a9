#include "kinds.h"

void bpf_throw(__u64 cookie) __ksym;

static __noinline int check_throws(__u32 index, void *context)
{
	if (index > 2)
		bpf_throw(0);
	return 0;
}

static __noinline int check_stops(__u32 index, void *context)
{
	return index > 2;
}

SEC("tc")
int refused(struct __sk_buff *skb)
{
	bpf_loop(10, check_throws, NULL, 0);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	if (bpf_loop(10, check_stops, NULL, 0) < 10)
		bpf_throw(0);
	return 0;
}
