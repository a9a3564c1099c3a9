#include "kinds.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");

SEC("tc")
int refused(struct __sk_buff *skb)
{
	unsigned long flags;
	if (bpf_res_spin_lock_irqsave(&lock, &flags))
		return 1;
	bpf_res_spin_unlock(&lock);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	unsigned long flags;
	if (bpf_res_spin_lock_irqsave(&lock, &flags))
		return 1;
	bpf_res_spin_unlock_irqrestore(&lock, &flags);
	return 0;
}
