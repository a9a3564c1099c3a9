// Two locks, released in the order in which they were taken. Only the lock taken last may be released:
// Linux keeps the locks that a CPU holds on a stack, which is what its deadlock detection reads.
// Try: spinbpf verify unlock_out_of_order.bpf.o
#include "sample.h"

static struct bpf_res_spin_lock first SEC(".data.first");
static struct bpf_res_spin_lock second SEC(".data.second");
__u64 moves;

SEC("tc")
int out_of_order(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&first))
		return TC_ACT_OK;
	if (bpf_res_spin_lock(&second)) {
		bpf_res_spin_unlock(&first);
		return TC_ACT_OK;
	}
	moves++;
	bpf_res_spin_unlock(&first);
	bpf_res_spin_unlock(&second);
	return TC_ACT_OK;
}
