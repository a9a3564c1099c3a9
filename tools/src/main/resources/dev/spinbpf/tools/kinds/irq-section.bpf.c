#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	unsigned long flags;
	bpf_local_irq_save(&flags);
	if (skb->len > 50)
		return 1;
	bpf_local_irq_restore(&flags);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	unsigned long flags;
	bpf_local_irq_save(&flags);
	if (skb->len > 50) {
		bpf_local_irq_restore(&flags);
		return 1;
	}
	bpf_local_irq_restore(&flags);
	return 0;
}
