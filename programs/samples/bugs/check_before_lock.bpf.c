// The number of free slots is read before the lock is taken, and written with it.
#include "../sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u32 free_slots = 4;

SEC("tc")
int claim(struct __sk_buff *ctx)
{
	__u32 now;

#ifndef MENDED
	now = READ_ONCE(free_slots);
	if (!now)
		return TC_ACT_SHOT;
#endif
	if (bpf_res_spin_lock(&lock))
		return TC_ACT_SHOT;
#ifdef MENDED
	now = READ_ONCE(free_slots);
	if (now)
#endif
		free_slots = now - 1;
	bpf_res_spin_unlock(&lock);
	return TC_ACT_OK;
}
