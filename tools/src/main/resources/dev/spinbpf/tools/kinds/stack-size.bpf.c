#include "kinds.h"

static __noinline int deep(__u32 index)
{
	volatile char bytes[400] = {};
	return bytes[index & 255];
}

SEC("tc")
int refused(struct __sk_buff *skb)
{
	volatile char bytes[400] = {};
	return bytes[skb->len & 255] + deep(skb->len);
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	return deep(skb->len);
}
