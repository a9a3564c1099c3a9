// A program changes a copy of an element and puts it back. What another CPU added to the element meanwhile is lost.
#include "../sample.h"

struct sums {
	struct bpf_res_spin_lock lock;
	__u64 packets, bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sums);
} totals SEC(".maps");

SEC("tc")
int count(struct __sk_buff *ctx)
{
	__u32 key = 0;
	struct sums *total = bpf_map_lookup_elem(&totals, &key);

	if (!total)
		return TC_ACT_OK;
#ifdef MENDED
	if (bpf_res_spin_lock(&total->lock))
		return TC_ACT_OK;
	total->packets++;
	total->bytes += ctx->len;
	bpf_res_spin_unlock(&total->lock);
#else
	struct sums sum = {.packets = total->packets + 1, .bytes = total->bytes + ctx->len};

	bpf_map_update_elem(&totals, &key, &sum, BPF_ANY);
#endif
	return TC_ACT_OK;
}
