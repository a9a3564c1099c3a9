// The timer disables interrupts for its lock, those that it lands on do not.
#include "../sample.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
__u64 ticks;

SEC("tc")
int packet(struct __sk_buff *ctx)
{
#ifdef MENDED
	unsigned long flags;

	if (bpf_res_spin_lock_irqsave(&lock, &flags))
		return TC_ACT_OK;
	ticks++;
	bpf_res_spin_unlock_irqrestore(&lock, &flags);
#else
	if (bpf_res_spin_lock(&lock))
		return TC_ACT_OK;
	ticks++;
	bpf_res_spin_unlock(&lock);
#endif
	return TC_ACT_OK;
}

SEC("tp_btf/hrtimer_expire_entry")
int on_timer(__u64 *ctx)
{
	unsigned long flags;

	if (bpf_res_spin_lock_irqsave(&lock, &flags))
		return 0;
	ticks++;
	bpf_res_spin_unlock_irqrestore(&lock, &flags);
	return 0;
}
