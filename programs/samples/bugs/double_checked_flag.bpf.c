// The flag is looked at without the lock, and nothing orders it with the settings that it stands for.
#include "../sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
static struct {
	__u32 rate, burst;
} settings;
__u32 ready;
__u64 rates;

SEC("syscall")
int use(void *ctx)
{
	__u32 rate = 0;

#ifndef MENDED
	if (READ_ONCE(ready)) {
		rate = *(volatile __u32 *)&settings.burst;
		__sync_fetch_and_add(&rates, rate);
		return 0;
	}
#endif
	if (bpf_res_spin_lock(&lock))
		return 0;
	if (!ready) {
		ready = 1;
		*(volatile __u64 *)&settings = 0x500000003;
	}
	rate = *(volatile __u32 *)&settings.burst;
	bpf_res_spin_unlock(&lock);
	__sync_fetch_and_add(&rates, rate);
	return 0;
}
