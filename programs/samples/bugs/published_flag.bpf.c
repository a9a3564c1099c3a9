// The flag is looked at before the lock, to save it. Nothing orders that look with the address, stored before the flag.
#include "../sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 address, known;
__u64 sent;

static __always_inline __u64 resolve(void)
{
	__u64 found = 0;

#ifndef MENDED
	if (READ_ONCE(known))
		return READ_ONCE(address);
#endif
	if (bpf_res_spin_lock(&lock))
		return 0;
	if (!known) {
		*(volatile __u64 *)&address = 0x0a000001;
		*(volatile __u64 *)&known = 1;
	}
	found = address;
	bpf_res_spin_unlock(&lock);
	return found;
}

SEC("tc")
int send(struct __sk_buff *ctx)
{
	__u64 to = resolve();

	if (to)
		__sync_fetch_and_add(&sent, to);
	return TC_ACT_OK;
}
