// Two halves are written one after the other under the lock, and read together without it.
#include "../sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
static struct {
	__u32 seconds, nanos;
} stamp __attribute__((aligned(8)));
__u64 last;

SEC("tc")
int write(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&lock))
		return TC_ACT_OK;
	*(volatile __u32 *)&stamp.seconds = ctx->len;
	*(volatile __u32 *)&stamp.nanos = ctx->len;
	bpf_res_spin_unlock(&lock);
	return TC_ACT_OK;
}

SEC("tc")
int read(struct __sk_buff *ctx)
{
	__u64 both;

#ifdef MENDED
	if (bpf_res_spin_lock(&lock))
		return TC_ACT_OK;
#endif
	both = *(volatile __u64 *)&stamp;
#ifdef MENDED
	bpf_res_spin_unlock(&lock);
#endif
	__sync_lock_test_and_set(&last, both);
	return TC_ACT_OK;
}
