// bpf_res_spin_lock() can fail, and this program does not look. On the path where it failed
// there is nothing to unlock, so Linux refuses the unlock.
// Try: spinbpf verify unchecked_result.bpf.o
#include "sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 packets;

SEC("tc")
int unchecked(struct __sk_buff *ctx)
{
	bpf_res_spin_lock(&lock);
	packets++;
	bpf_res_spin_unlock(&lock);
	return TC_ACT_OK;
}
