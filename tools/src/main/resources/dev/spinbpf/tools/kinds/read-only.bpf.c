#include "kinds.h"

const volatile __u64 fixed SEC(".rodata.fixed") = 1;
static volatile __u64 counted SEC(".data.counted") = 1;

SEC("tc")
int refused(struct __sk_buff *skb)
{
	*(volatile __u64 *)&fixed = 2;
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	counted = 2;
	return 0;
}
