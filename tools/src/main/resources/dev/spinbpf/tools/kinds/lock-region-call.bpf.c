#include "kinds.h"

static struct bpf_res_spin_lock lock SEC(".data.lock");
static __u64 counter SEC(".data.counter");

__noinline int add(int value)
{
	counter += value;
	return value + 1;
}

static __noinline int add_static(int value)
{
	counter += value;
	return value + 1;
}

SEC("tc")
int refused(struct __sk_buff *skb)
{
	int result;
	if (bpf_res_spin_lock(&lock))
		return 1;
	result = add(skb->len);
	bpf_res_spin_unlock(&lock);
	return result;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	int result;
	if (bpf_res_spin_lock(&lock))
		return 1;
	result = add_static(skb->len);
	bpf_res_spin_unlock(&lock);
	return result;
}
