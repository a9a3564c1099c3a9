#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	bpf_rcu_read_lock();
	if (skb->len > 50)
		return 1;
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	bpf_rcu_read_lock();
	if (skb->len > 50) {
		bpf_rcu_read_unlock();
		return 1;
	}
	bpf_rcu_read_unlock();
	return 0;
}
