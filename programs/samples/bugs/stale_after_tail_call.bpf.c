// Each of two programs holds the lock, but the second one stores what the first one had loaded before it called it.
#include "../sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 bytes;

SEC("tc")
int add(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&lock))
		return TC_ACT_OK;
#ifdef MENDED
	bytes += ctx->len;
#else
	bytes = ctx->cb[0] + ctx->len;
#endif
	bpf_res_spin_unlock(&lock);
	return TC_ACT_OK;
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, int(struct __sk_buff *));
} next SEC(".maps") = {
	.values = { &add },
};

SEC("tc")
int look(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&lock))
		return TC_ACT_OK;
	ctx->cb[0] = bytes;
	bpf_res_spin_unlock(&lock);
	bpf_tail_call(ctx, &next, 0);
	return TC_ACT_OK;
}
