#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	return *(volatile __u32 *)((char *)skb + 400);
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	return skb->len;
}
