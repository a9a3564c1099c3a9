// The pointer that the lock guards is used after the unlock, when the other CPU may have moved on to the same slot.
#include "../sample.h"

struct account {
	struct bpf_res_spin_lock lock;
	__u32 turn;
	__u64 slots[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct account);
} accounts SEC(".maps");

SEC("tc")
int charge(struct __sk_buff *ctx)
{
	__u32 key = 0;
	struct account *account = bpf_map_lookup_elem(&accounts, &key);
	__u64 *slot;

	if (!account || bpf_res_spin_lock(&account->lock))
		return TC_ACT_OK;
	slot = &account->slots[account->turn & 1];
#ifdef MENDED
	*slot += ctx->len;
	bpf_res_spin_unlock(&account->lock);
#else
	bpf_res_spin_unlock(&account->lock);
	*slot += ctx->len;
#endif
	return TC_ACT_OK;
}
