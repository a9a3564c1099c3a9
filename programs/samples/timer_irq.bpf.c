// A timer interrupt lands on whatever the CPU does. `on_timer` wants two locks that `task` holds now and then: the one that
// is taken with interrupts disabled is never held by the CPU that the timer lands on; for the other one the interrupt gets
// -EDEADLK (AA) whenever it lands on the holder.
// Try: spinbpf stress timer_irq.bpf.o --cpus 2 --duration 5s --hardirq-every 100us
#include "sample.h"

static struct bpf_res_spin_lock open_to_interrupts SEC(".data.open");
static struct bpf_res_spin_lock masked SEC(".data.masked");
__u64 ticks, tasks, missed_ticks;

SEC("syscall")
int task(void *ctx)
{
	unsigned long flags;

	if (!bpf_res_spin_lock(&open_to_interrupts)) {
		for (int i = 0; i < 100; i++)
			READ_ONCE(tasks);
		tasks++;
		bpf_res_spin_unlock(&open_to_interrupts);
	}
	if (!bpf_res_spin_lock_irqsave(&masked, &flags)) {
		for (int i = 0; i < 100; i++)
			READ_ONCE(ticks);
		bpf_res_spin_unlock_irqrestore(&masked, &flags);
	}
	return 0;
}

SEC("tp_btf/hrtimer_expire_entry")
int on_timer(__u64 *ctx)
{
	unsigned long flags;

	if (bpf_res_spin_lock(&open_to_interrupts))
		__sync_fetch_and_add(&missed_ticks, 1);
	else
		bpf_res_spin_unlock(&open_to_interrupts);
	if (!bpf_res_spin_lock_irqsave(&masked, &flags)) {
		ticks++;
		bpf_res_spin_unlock_irqrestore(&masked, &flags);
	}
	return 0;
}
