// A packet lands on the task that holds the lock which it wants: only interrupts that are disabled keep it away.
#include "../sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 total;

SEC("syscall")
int read_and_clear(void *ctx)
{
#ifdef MENDED
	unsigned long flags;

	if (bpf_res_spin_lock_irqsave(&lock, &flags))
		return 0;
	total = 0;
	bpf_res_spin_unlock_irqrestore(&lock, &flags);
#else
	if (bpf_res_spin_lock(&lock))
		return 0;
	total = 0;
	bpf_res_spin_unlock(&lock);
#endif
	return 0;
}

SEC("tc")
int count(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&lock))
		return TC_ACT_OK;
	total++;
	bpf_res_spin_unlock(&lock);
	return TC_ACT_OK;
}
