#include "kinds.h"

static struct bpf_res_spin_lock first SEC(".data.first");
static struct bpf_res_spin_lock second SEC(".data.second");

SEC("tc")
int refused(struct __sk_buff *skb)
{
	unsigned long flags;
	if (bpf_res_spin_lock_irqsave(&first, &flags))
		return 1;
	if (!bpf_res_spin_lock_irqsave(&second, &flags))
		bpf_res_spin_unlock_irqrestore(&second, &flags);
	bpf_res_spin_unlock_irqrestore(&first, &flags);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	unsigned long flags, more;
	if (bpf_res_spin_lock_irqsave(&first, &flags))
		return 1;
	if (!bpf_res_spin_lock_irqsave(&second, &more))
		bpf_res_spin_unlock_irqrestore(&second, &more);
	bpf_res_spin_unlock_irqrestore(&first, &flags);
	return 0;
}
