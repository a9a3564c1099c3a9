#include "kinds.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("tc")
int refused(struct __sk_buff *skb)
{
	return __sync_fetch_and_add(&skb->mark, 1);
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counts, &key);
	return count ? __sync_fetch_and_add(count, 1) & 1 : 0;
}
