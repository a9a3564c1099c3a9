// A lock in each element of an array map guards the rest of the element.
// Try: spinbpf run lock_in_map_value.bpf.o --repeat 1000 --dump-maps
#include "sample.h"

struct account {
	struct bpf_res_spin_lock lock;
	__u32 updates;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct account);
} accounts SEC(".maps");

SEC("tc")
int charge(struct __sk_buff *ctx)
{
	__u32 key = bpf_get_prandom_u32() & 3;
	struct account *account = bpf_map_lookup_elem(&accounts, &key);

	if (!account)
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&account->lock))
		return TC_ACT_SHOT;
	account->updates++;
	account->bytes += ctx->len;
	bpf_res_spin_unlock(&account->lock);
	return TC_ACT_OK;
}
