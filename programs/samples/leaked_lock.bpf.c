// A lock that is still held when the program ends. Linux refuses the program: the next taker would wait for ever.
// Try: spinbpf verify leaked_lock.bpf.o
#include "sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 packets;

SEC("tc")
int leak(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&lock))
		return TC_ACT_OK;
	packets++;
	return TC_ACT_OK;
}
