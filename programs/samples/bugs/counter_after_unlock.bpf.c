// The counter is one line too low: it is touched when the lock is free again.
#include "../sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 packets, bytes;

SEC("tc")
int count(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&lock))
		return TC_ACT_OK;
	bytes += ctx->len;
#ifdef MENDED
	packets++;
	bpf_res_spin_unlock(&lock);
#else
	bpf_res_spin_unlock(&lock);
	packets++;
#endif
	return TC_ACT_OK;
}
