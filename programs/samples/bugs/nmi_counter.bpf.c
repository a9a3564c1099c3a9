// Disabled interrupts keep no NMI away.
#include "../sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 samples;

SEC("syscall")
int count(void *ctx)
{
	unsigned long flags;

	if (bpf_res_spin_lock_irqsave(&lock, &flags))
		return 0;
#ifdef MENDED
	__sync_fetch_and_add(&samples, 1);
#else
	samples++;
#endif
	bpf_res_spin_unlock_irqrestore(&lock, &flags);
	return 0;
}

SEC("perf_event")
int on_nmi(struct bpf_perf_event_data *ctx)
{
	__sync_fetch_and_add(&samples, 1);
	return 0;
}
