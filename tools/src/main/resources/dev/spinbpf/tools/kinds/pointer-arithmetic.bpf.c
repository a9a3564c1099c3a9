#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	asm volatile("r1 *= 2" : : "r"(skb) : "r1");
	asm volatile("r2 = r10; r2 *= 2" : : : "r2");
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	asm volatile("r2 = r10; r2 += -8" : : : "r2");
	return 0;
}
