#include "kinds.h"

SEC("tc")
int refused(struct __sk_buff *skb)
{
	asm volatile("goto 1f; r7 = 1; 1: r7 = 2" : : : "r7");
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	asm volatile("r7 = 1; r7 = 2" : : : "r7");
	return 0;
}
