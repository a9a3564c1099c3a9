// The right way: the result of bpf_res_spin_lock() is checked, and every path that holds the lock releases it.
// The verifier accepts both programs. Try: spinbpf verify balanced.bpf.o
#include "sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 packets, busy;

SEC("tc")
int count_packet(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&lock)) {
		__sync_fetch_and_add(&busy, 1);
		return TC_ACT_OK;
	}
	packets++;
	bpf_res_spin_unlock(&lock);
	return TC_ACT_OK;
}

SEC("syscall")
int reset(void *ctx)
{
	int err = bpf_res_spin_lock(&lock);

	if (err)
		return err;
	packets = 0;
	bpf_res_spin_unlock(&lock);
	return 0;
}
