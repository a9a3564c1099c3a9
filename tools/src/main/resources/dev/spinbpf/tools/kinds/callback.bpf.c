#include "kinds.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

static long returns_two(__u32 index, void *context)
{
	return 2;
}

static long returns_zero(__u32 index, void *context)
{
	return 0;
}

SEC("tc")
int refused(struct __sk_buff *skb)
{
	return bpf_loop(4, returns_two, 0, 0);
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	return bpf_loop(4, returns_zero, 0, 0);
}
