// Two CPUs push to a list with an ordinary load and store: one element is lost.
#include "../sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 head, next[4];

SEC("tc")
int give_back(struct __sk_buff *ctx)
{
	__u64 element = bpf_get_smp_processor_id() & 1;

#ifdef MENDED
	if (bpf_res_spin_lock(&lock))
		return TC_ACT_OK;
#endif
	next[element] = head;
	head = element + 1;
#ifdef MENDED
	bpf_res_spin_unlock(&lock);
#endif
	return TC_ACT_OK;
}
