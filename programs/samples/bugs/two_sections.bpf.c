// The value is read in one locked section and written in the next; what comes between is lost.
#include "../sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 average;

SEC("tc")
int update(struct __sk_buff *ctx)
{
	__u64 now;

	if (bpf_res_spin_lock(&lock))
		return TC_ACT_OK;
	now = *(volatile __u64 *)&average;
#ifndef MENDED
	bpf_res_spin_unlock(&lock);
	now = (7 * now + ctx->len) / 8;
	if (bpf_res_spin_lock(&lock))
		return TC_ACT_OK;
#else
	now = (7 * now + ctx->len) / 8;
#endif
	average = now;
	bpf_res_spin_unlock(&lock);
	return TC_ACT_OK;
}
