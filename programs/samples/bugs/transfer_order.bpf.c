// A transfer locks the account that it takes from first: two transfers in opposite directions meet.
#include "../sample.h"

struct account {
	struct bpf_res_spin_lock lock;
	__u64 balance;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct account);
} accounts SEC(".maps");

SEC("syscall")
int transfer(void *ctx)
{
#ifdef MENDED
	__u32 first = 0;
#else
	__u32 first = bpf_get_smp_processor_id() & 1;
#endif
	__u32 second = first ^ 1;
	struct account *one = bpf_map_lookup_elem(&accounts, &first);
	struct account *other = bpf_map_lookup_elem(&accounts, &second);

	if (!one || !other || bpf_res_spin_lock(&one->lock))
		return 0;
	if (!bpf_res_spin_lock(&other->lock)) {
		one->balance--;
		other->balance++;
		bpf_res_spin_unlock(&other->lock);
	}
	bpf_res_spin_unlock(&one->lock);
	return 0;
}
