// The resizable hash map.
#include "steps.h"

HASH(growing, BPF_MAP_TYPE_RHASH, BPF_F_NO_PREALLOC, 8, __u32, __u64);

SEC("tc") int rhash_flags(struct __sk_buff *skb)
{
	FLAG_STEPS(growing);
}

SEC("tc") int rhash_full(struct __sk_buff *skb)
{
	FULL_STEPS(growing, 8);
}

SEC("tc") int rhash_delete_and_reuse(struct __sk_buff *skb)
{
	__u64 value;
	__u32 key;
	BEGIN;

	EACH(key, 0, 6) {
		value = key + 40;
		REC(bpf_map_update_elem(&growing, &key, &value, BPF_NOEXIST));
	}
	EACH(key, 0, 3)
		REC(bpf_map_delete_elem(&growing, &key));
	key = 3;
	__u64 *found = bpf_map_lookup_elem(&growing, &key);
	if (found)
		*found += 1000;
	REC(found ? *found : -1);
	DONE;
}
