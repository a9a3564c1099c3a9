// Both programs take a lock, but not the same one.
#include "../sample.h"

static struct bpf_res_spin_lock rx SEC(".data.rx");
static struct bpf_res_spin_lock tx SEC(".data.tx");
__u64 bytes;

SEC("tc")
int received(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&rx))
		return TC_ACT_OK;
	bytes += ctx->len;
	bpf_res_spin_unlock(&rx);
	return TC_ACT_OK;
}

SEC("tc")
int sent(struct __sk_buff *ctx)
{
#ifdef MENDED
	struct bpf_res_spin_lock *lock = &rx;
#else
	struct bpf_res_spin_lock *lock = &tx;
#endif

	if (bpf_res_spin_lock(lock))
		return TC_ACT_OK;
	bytes += ctx->len;
	bpf_res_spin_unlock(lock);
	return TC_ACT_OK;
}
