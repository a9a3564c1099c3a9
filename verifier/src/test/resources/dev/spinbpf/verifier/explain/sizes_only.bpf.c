// A map that is declared by sizes. Compile: ./build
#include "kinds.h"

struct element {
	struct bpf_res_spin_lock lock;
	__u64 count;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct element));
} sized SEC(".maps");

SEC("tc")
int sizes_only(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct element *value = bpf_map_lookup_elem(&sized, &key);
	if (!value)
		return 1;
	if (bpf_res_spin_lock(&value->lock))
		return 1;
	value->count++;
	bpf_res_spin_unlock(&value->lock);
	return 0;
}

