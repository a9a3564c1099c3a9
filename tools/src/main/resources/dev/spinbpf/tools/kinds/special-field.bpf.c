#include "kinds.h"

struct element {
	struct bpf_res_spin_lock lock;
	__u64 count;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct element);
} elements SEC(".maps");

SEC("tc")
int refused(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct element *value = bpf_map_lookup_elem(&elements, &key);
	if (!value)
		return 1;
	value->lock.val = 0;
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct element *value = bpf_map_lookup_elem(&elements, &key);
	if (!value)
		return 1;
	value->count = 0;
	return 0;
}
