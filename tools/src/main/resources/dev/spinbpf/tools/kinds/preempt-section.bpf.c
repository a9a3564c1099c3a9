#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	bpf_preempt_disable();
	if (skb->len > 50)
		return 1;
	bpf_preempt_enable();
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	bpf_preempt_disable();
	if (skb->len > 50) {
		bpf_preempt_enable();
		return 1;
	}
	bpf_preempt_enable();
	return 0;
}
