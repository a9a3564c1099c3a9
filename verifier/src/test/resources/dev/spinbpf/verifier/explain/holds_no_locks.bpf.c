// A map that is of a type that holds no locks. Compile: ./build
#include "kinds.h"

struct element {
	struct bpf_res_spin_lock lock;
	__u64 count;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct element);
} percpu SEC(".maps");

SEC("tc")
int holds_no_locks(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct element *value = bpf_map_lookup_elem(&percpu, &key);
	if (!value)
		return 1;
	if (bpf_res_spin_lock(&value->lock))
		return 1;
	value->count++;
	bpf_res_spin_unlock(&value->lock);
	return 0;
}

