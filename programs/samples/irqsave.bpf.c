// The lock is taken with interrupts disabled, so that the softirq program can never land on a holder on the same CPU:
// with bpf_res_spin_lock() instead, `packet` would sometimes fail with -EDEADLK.
// Try: spinbpf stress irqsave.bpf.o --cpus 2 --duration 5s
#include "sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 updates;

SEC("syscall")
int task(void *ctx)
{
	unsigned long flags;
	int err = bpf_res_spin_lock_irqsave(&lock, &flags);

	if (err)
		return err;
	for (int i = 0; i < 100; i++)
		READ_ONCE(updates);
	updates++;
	bpf_res_spin_unlock_irqrestore(&lock, &flags);
	return 0;
}

SEC("xdp")
int packet(struct xdp_md *ctx)
{
	unsigned long flags;

	if (bpf_res_spin_lock_irqsave(&lock, &flags))
		return XDP_DROP;
	updates++;
	bpf_res_spin_unlock_irqrestore(&lock, &flags);
	return XDP_PASS;
}
