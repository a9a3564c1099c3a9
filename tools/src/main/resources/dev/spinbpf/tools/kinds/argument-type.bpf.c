#include "kinds.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

SEC("tc")
int refused(struct __sk_buff *skb)
{
	__u32 key = 0;
	return bpf_map_lookup_elem(&numbers, (void *)0x1234) ? key : 1;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u32 key = 0;
	return bpf_map_lookup_elem(&numbers, &key) ? key : 1;
}
