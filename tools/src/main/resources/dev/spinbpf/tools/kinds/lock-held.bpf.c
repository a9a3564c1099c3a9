#include "kinds.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");

SEC("tc")
int refused(struct __sk_buff *skb)
{
	if (bpf_res_spin_lock(&lock))
		return 1;
	if (skb->len > 100)
		return 1;
	bpf_res_spin_unlock(&lock);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	if (bpf_res_spin_lock(&lock))
		return 1;
	if (skb->len > 100) {
		bpf_res_spin_unlock(&lock);
		return 1;
	}
	bpf_res_spin_unlock(&lock);
	return 0;
}
