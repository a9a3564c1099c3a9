#include "kinds.h"

static __always_inline int halved(__u32 number)
{
	return number & 1 ? number * 3 + 1 : number >> 1;
}

SEC("tc")
int refused(struct __sk_buff *skb)
{
	__u64 number = skb->len;
	for (int i = 0; i < 2000000; i++)
		asm volatile("%[number] += 1" : [number] "+r"(number));
	return number & 1;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	__u64 number = skb->len;
	for (int i = 0; i < 1000; i++)
		asm volatile("%[number] += 1" : [number] "+r"(number));
	return number & 1;
}
